"""What went wrong in a build, from what CMake, Ninja, Make, GCC, Clang and GNU ld print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from microtvm_boards.boards import Board

_LAST_LINES = 20
_LINE_LIMIT = 200  # characters; a compiler's command line has thousands


@dataclass(frozen=True)
class FirstError:
    """The first error of a build. `file` is relative to the project when it lies inside.

    too_large: all was compiled, and doesn't fit the board.
    """

    message: str
    file: str | None = None
    line: int | None = None
    hint: str = ""
    too_large: bool = False

    def __str__(self) -> str:
        """file:line: message, as much of it as is known."""
        place = [self.file or "", str(self.line or "")]
        return ": ".join([":".join(filter(None, place)), self.message]).removeprefix(": ")


_ESCAPE = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_STEP = re.compile(r"\[ *\d+(/\d+|%)\] ")

_COMPILER = re.compile(
    r"(?P<file>[^\s:][^:]*):(?P<line>\d+):(?:\d+:)? (?:fatal )?[eE]rror: (?P<text>.+)"
)
_CMAKE_AT = re.compile(r"CMake Error at (?P<file>.+?):(?P<line>\d+)(?: \(.*\))?:$")
_CMAKE = re.compile(r"CMake Error: (?P<text>.+)")
_SYMBOL = re.compile(
    r"(?:(?P<file>[^\s:(]+):(?:(?P<line>\d+)|\([^)]*\)): )?"
    r"(?P<what>undefined reference to|multiple definition of) [`'\"](?P<symbol>[^'`\"]+)"
)
_OVERFLOW = re.compile(r"region [`'](?P<region>\w+)' overflowed by (?P<bytes>\d+) bytes?")
_LINKER = re.compile(r"(?:\S*/)?(?:[\w-]+-)?ld(?:\.\w+)?: (?P<text>.+)")
_NO_LINKER_ERROR = re.compile(r"\bwarning: |: NOTE: |: in function |skipping incompatible ")
_TOOL = re.compile(
    r"(?:\S*/)?(?P<tool>[\w.+-]*(?:cc|clang|g\+\+|cc1|ninja)(?:-\d+)?): "
    r"(?:fatal )?error: (?P<text>.+)"
)
_NINJA = re.compile(r"(?P<text>FAILED: .+)")
_KCONFIG_ABORTED = re.compile(r"error: Aborting due to (?:Kconfig|non-.*) warnings")
_KCONFIG = re.compile(r"(?:(?P<file>[^\s:][^:]*):(?P<line>\d+): )?warning: (?P<text>.+)")
_DEVICETREE = re.compile(r"devicetree error: (?P<text>.+)")
_MAKE = re.compile(r"g?make(?:\[\d+\])?: \*\*\* (?P<text>.+)")

_NO_HEADER = re.compile(
    r"(?P<gcc>\S+): No such file or directory|'(?P<clang>[^']+)' file not found"
)
_CXX_LIBRARY = re.compile(r"[a-z_]+")  # memory, utility, type_traits: headers without a suffix
_C_LIBRARY = re.compile(r"(?:std\w+|string|math|assert|errno|limits|inttypes|time)\.h")


def explain(output: Sequence[str], project: Path, board: Board) -> FirstError:
    """The first error in `output`, the lines of a failed build of `project` for `board`.

    Never raises: output without a line that looks like an error gives a FirstError that says so.
    """
    lines = [_ESCAPE.sub("", line) for line in output]
    found = next(_errors(lines, board), None) or FirstError("no line of the output names an error")
    inside = f"{project}/"
    file = found.file
    if file is not None and file.startswith(inside):
        file = file[len(inside) :]
    return replace(found, file=file, hint=found.hint or _hint(found.message))


def last_lines(output: Sequence[str]) -> list[str]:
    """The last lines for the message, without the commands that led to them and cut to length."""
    shown: list[str] = []
    command = False
    for raw in output:
        line = _ESCAPE.sub("", raw).rstrip()
        if line and not command and not _STEP.match(line):
            shown.append(_cut(line))
        command = line.startswith("FAILED: ")  # Ninja: the command is the line that follows
    return shown[-_LAST_LINES:]


def _errors(lines: Sequence[str], board: Board) -> Iterator[FirstError]:
    overflow = _overflow(lines, board)
    yield from _kconfig(lines)
    for number, line in enumerate(lines):
        if match := _CMAKE_AT.match(line):
            text = _cmake_text(lines[number + 1 :])
            yield FirstError(text, match["file"], int(match["line"]))
        elif match := _COMPILER.match(line):
            yield FirstError(_cut(match["text"]), match["file"], int(match["line"]))
        elif match := _SYMBOL.search(line):
            where = int(match["line"]) if match["line"] else None
            yield FirstError(f'{match["what"]} "{match["symbol"]}"', match["file"], where)
        elif match := _DEVICETREE.search(line):
            yield FirstError(_cut(match[0]))
        elif match := _CMAKE.match(line):
            yield FirstError(_cut(match["text"]))
        elif (match := _LINKER.match(line)) and not _NO_LINKER_ERROR.search(line):
            yield overflow or FirstError(_cut(match["text"]))
        elif match := _TOOL.match(line):
            yield FirstError(_cut(f"{match['tool']}: {match['text']}"))
    for line in lines:  # these say only what failed, so they count when nothing says why
        if match := _MAKE.match(line) or _NINJA.match(line):
            yield FirstError(_cut(match["text"]))


def _kconfig(lines: Sequence[str]) -> Iterator[FirstError]:
    """Zephyr's Kconfig ends with its warnings, each a paragraph, and a line that makes them errors.

    Its syntax errors are Python exceptions.
    """
    if any(_KCONFIG_ABORTED.match(line) for line in lines):
        for number, line in enumerate(lines):
            if match := _KCONFIG.match(line):
                rest = takewhile(str.strip, lines[number + 1 :])
                text = " ".join([match["text"], *(part.strip() for part in rest)])
                where = int(match["line"]) if match["line"] else None
                yield FirstError(_cut(f"Kconfig: {text}"), match["file"], where)
    for line in lines:
        if match := re.match(r"kconfiglib\.KconfigError: (?:(.+?):(\d+): )?(.+)", line):
            where = int(match[2]) if match[2] else None
            yield FirstError(_cut(f"Kconfig: {match[3]}"), match[1], where)


def _cmake_text(lines: Sequence[str]) -> str:
    """CMake indents the text; it often takes three paragraphs to reach the end of a sentence."""
    words: list[str] = []
    paragraphs = 0
    for line in lines:
        if line.strip():
            if not line.startswith("  "):
                break
            words.append(line.strip())
        elif words:
            paragraphs += 1
            if words[-1].endswith(".") or paragraphs == 3:
                break
    return _cut(" ".join(words) or "error")


def _cut(text: str) -> str:
    return text if len(text) <= _LINE_LIMIT else text[:_LINE_LIMIT] + " ..."


def _overflow(lines: Sequence[str], board: Board) -> FirstError | None:
    """All memories that are too small, in one sentence: ld prints a line for each."""
    found = {m["region"]: m["bytes"] for line in lines if (m := _OVERFLOW.search(line))}
    if not found:
        return None
    uses = {use for m in board.memories if m.name in found for use in m.use}
    advice = []
    if "ram" in uses:
        advice.append(
            "for RAM a smaller stack_size_bytes or a model compiled with "
            "tir.usmp.algorithm=hill_climb"
        )
    if "flash" in uses:
        advice.append("for flash optimization=size, fewer baked samples or a smaller model")
    advice.append("or a board with more memory")
    return FirstError(
        "the firmware doesn't fit: "
        + ", ".join(f"{region} is {size} bytes too small" for region, size in found.items()),
        hint="; ".join(advice),
        too_large=True,
    )


def _hint(message: str) -> str:
    if match := _NO_HEADER.fullmatch(message):
        return _header_hint(match["gcc"] or match["clang"])
    if match := _SYMBOL.match(message):
        return _symbol_hint(match["symbol"]) if match["what"].startswith("undefined") else ""
    return ""


def _header_hint(header: str) -> str:
    if header.startswith(("tvm/", "dlpack/")):
        return (
            "create the project with runtime=standalone_crt, which has all headers of TVM's C "
            "runtime"
        )
    if header.startswith(("arm_", "cmsis")):
        return "create the project with cmsis_path=PATH of a CMSIS tree that has it"
    if _CXX_LIBRARY.fullmatch(header):
        return "apt-get install libstdc++-arm-none-eabi-newlib (g++ for platform host)"
    if _C_LIBRARY.fullmatch(header):
        return "apt-get install libnewlib-arm-none-eabi (libc6-dev for platform host)"
    return f"create the project with extra_files_tar=TAR, a tar that holds {header}"


def _symbol_hint(symbol: str) -> str:
    if symbol.startswith("TVM"):
        return "create the project with runtime=standalone_crt, if TVM's C runtime has it"
    if symbol.startswith("arm_"):
        return "create the project with cmsis_path=PATH of a CMSIS tree that has it"
    return f"define {symbol}, e.g. in a source of extra_files_tar=TAR when the project is created"
