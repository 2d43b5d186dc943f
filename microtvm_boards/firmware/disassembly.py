"""What the functions of a linked Arm firmware push and call, from `objdump -d -t`."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

_SYMBOL = re.compile(r"^([0-9a-f]+) .{6}[F ] (?!\*)\S+\t[0-9a-f]+ (?:\.hidden )?(\S+)$")
_FUNCTION = re.compile(r"^([0-9a-f]+) <([^>]+)>:$")
_CODE = re.compile(r"^ *[0-9a-f]+:\t(\S+)(?:\t(.*))?$")
_BRANCH = re.compile(r"bl?(x|eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le|al)?(\.[nw])?|cbn?z")
_TARGET = re.compile(r"[0-9a-f]+ <([^>+]+)")
_VENEER = re.compile(r"__(\w+?)_(veneer|from_thumb|from_arm)")
_REGISTERS = re.compile(r"\{([^}]*)\}")
_SUBTRACTED = re.compile(r"sp, (?:sp, )?#(\d+)")
_WRITTEN_BACK = re.compile(r"\[sp, #-(\d+)\]!")
_JUMP_BY_REGISTER = re.compile(r"(bl?x)(\.[nw])?")


@dataclass
class Function:
    """Bytes. Where the stack pointer goes down on several paths all of them count."""

    frame: int = 0
    pretended: int = 0  # pushed before the return address: arguments, which GCC's report leaves out
    calls: set[str] = field(default_factory=set)
    indirect: bool = False  # it calls through a pointer
    unknown: bool = False  # it moves the stack pointer by what isn't in the code


def disassemble(elf: Path, objdump: str) -> dict[str, Function] | None:
    """The functions of `elf` by name; those of one name as one. None without a usable `objdump`."""
    command = [objdump, "-d", "-t", "--no-show-raw-insn", str(elf)]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False
        )
    except OSError:
        return None
    return parse(result.stdout.splitlines()) if result.returncode == 0 else None


def parse(lines: Iterable[str]) -> dict[str, Function]:
    """`lines` of `objdump -d -t --no-show-raw-insn` for Arm."""
    functions: dict[str, Function] = {}
    names: dict[int, list[str]] = {}  # by address: libgcc's functions have several
    name, current, before, saved = "", Function(), "", False
    for line in lines:
        if symbol := _SYMBOL.match(line):
            names.setdefault(int(symbol[1], 16) & ~1, []).append(symbol[2])
        elif header := _FUNCTION.match(line):
            name, before, saved = header[2], "", False
            current = functions.setdefault(name, Function())
            for alias in names.get(int(header[1], 16), ()):
                functions.setdefault(alias, current)
        elif code := _CODE.match(line):
            mnemonic, operands = code[1], (code[2] or "").partition("@")[0].strip()
            down = _moved_down(mnemonic, operands)
            if down is None:
                current.unknown = True
            elif down:
                if not saved and current.frame and "lr" in operands:
                    current.pretended = current.frame
                saved |= "lr" in operands
                current.frame += down
            if target := _called(mnemonic, operands, name):
                current.calls.add(target)
            current.indirect |= _through_pointer(mnemonic, operands, before)
            before = f"{mnemonic} {operands}"
    return functions


def _moved_down(mnemonic: str, operands: str) -> int | None:
    """Bytes by which an instruction lowers the stack pointer; None: not a constant."""
    plain = mnemonic.partition(".")[0]
    if plain in ("push", "vpush") or (plain in ("stmdb", "vstmdb") and operands[:3] == "sp!"):
        return _size(operands)
    if back := _WRITTEN_BACK.search(operands):
        return int(back[1]) if plain.startswith(("st", "vst")) else 0
    if plain in ("sub", "subw", "subs") and operands.startswith("sp,"):
        constant = _SUBTRACTED.match(operands)
        return int(constant[1]) if constant else None
    # Thumb-1 has no large constants: it adds a negative one from a register.
    if plain == "add" and re.fullmatch(r"sp, (sp, )?r\d+", operands):
        return None
    return 0


def _size(operands: str) -> int:
    """Bytes of a list of registers."""
    registers = _REGISTERS.search(operands)
    total = 0
    for item in registers[1].split(",") if registers else ():
        first, _, last = item.strip().partition("-")
        count = int(last[1:]) - int(first[1:]) + 1 if last else 1
        total += count * (8 if first.startswith("d") else 4)
    return total


def _called(mnemonic: str, operands: str, own: str) -> str | None:
    """The other function that a branch leads to: a call, or a jump at a function's end."""
    if not _BRANCH.fullmatch(mnemonic):
        return None
    target = _TARGET.search(operands)
    if target is None or target[1] == own:
        return None
    veneer = _VENEER.fullmatch(target[1])
    return veneer[1] if veneer else target[1]


def _through_pointer(mnemonic: str, operands: str, before: str) -> bool:
    if mnemonic.startswith("ldr") and operands.startswith("pc,"):
        return "sp" not in operands
    match = _JUMP_BY_REGISTER.fullmatch(mnemonic)
    if match is None or not re.fullmatch(r"r\d+|ip|sl|fp", operands):
        return False
    # Thumb-1 returns so: the address comes from the stack. Its switches move into pc.
    return match[1] == "blx" or not (before.startswith("pop") and operands in before)
