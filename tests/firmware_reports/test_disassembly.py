"""Frames and calls that only the machine code tells, as objdump prints it and as GCC makes it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from microtvm_boards.firmware.disassembly import Function, disassemble, parse

HEADER = """
fw.elf:     file format elf32-littlearm

SYMBOL TABLE:
00000100 g     F .text\t00000010 {name}
00000100 g     F .text\t00000010 .hidden {alias}

Disassembly of section .text:

00000100 <{name}>:
"""


def function(code: str, name: str = "f") -> Function:
    """`code`: an instruction a line."""
    lines = [f"     100:\t{line}" for line in code.strip().splitlines()]
    text = HEADER.format(name=name, alias="other") + "\n".join(lines)
    return parse(text.splitlines())[name]


@pytest.mark.parametrize(
    ("code", "frame"),
    [
        ("push\t{r4, r5, lr}", 12),
        ("stmdb\tsp!, {r4, r5, r6, r7, r8, lr}", 24),
        ("stmdb\tr0!, {r4, r5}", 0),
        ("push\t{r4, lr}\nvpush\t{d8-d15}", 8 + 64),
        ("vpush\t{s16}", 4),
        ("sub\tsp, #40\t@ 0x28", 40),
        ("sub.w\tsp, sp, #520\t@ 0x208", 520),
        ("str.w\tr4, [sp, #-16]!", 16),
        ("strd\tr4, r5, [sp, #-24]!", 24),
        ("add\tsp, #40\npop\t{r4, pc}\nldr.w\tr4, [r0, #-4]!", 0),
    ],
)
def test_what_lowers_the_stack_pointer_counts(code: str, frame: int) -> None:
    found = function(code)
    assert (found.frame, found.unknown) == (frame, False)


@pytest.mark.parametrize("code", ["sub.w\tsp, sp, r3", "add\tsp, r4"])
def test_a_frame_that_a_register_holds_is_unknown(code: str) -> None:
    assert function(code).unknown


@pytest.mark.parametrize(
    ("code", "called"),
    [
        ("bl\t200 <memcpy>", {"memcpy"}),
        ("b.w\t200 <memcpy>", {"memcpy"}),
        ("bne.n\t104 <f+0x4>", set()),
        ("cbz\tr0, 104 <f+0x4>", set()),
        ("bl\t200 <__memcpy_veneer>", {"memcpy"}),
        ("bic.w\tr0, r0, #3", set()),
    ],
)
def test_calls_and_jumps_to_other_functions(code: str, called: set[str]) -> None:
    found = function(code)
    assert (found.calls, found.indirect) == (called, False)


@pytest.mark.parametrize(
    ("code", "indirect"),
    [
        ("blx\tr3", True),
        ("bx\tr3", True),
        ("bx\tlr", False),
        ("pop\t{r3}\nbx\tr3", False),  # how Thumb-1 returns
        ("ldr.w\tpc, [r3, r0, lsl #2]", True),
        ("ldr.w\tpc, [sp], #4", False),
        ("mov\tpc, r3", False),  # a switch
    ],
)
def test_calls_through_pointers(code: str, indirect: bool) -> None:
    assert function(code).indirect is indirect


def test_a_function_is_found_by_all_of_its_names() -> None:
    text = HEADER.format(name="__addsf3", alias="__aeabi_fadd") + "     100:\tpush\t{r4, lr}"
    found = parse(text.splitlines())
    assert found["__aeabi_fadd"] is found["__addsf3"]


def test_arguments_beside_the_frame_are_told_apart() -> None:
    """Those that a function with a variable number of arguments pushes first."""
    assert function("push\t{r0, r1, r2, r3}\npush\t{r4, lr}\nsub\tsp, #8").pretended == 16
    assert function("push\t{r4, lr}\nsub\tsp, #8").pretended == 0
    assert function("sub\tsp, #8").pretended == 0


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="no arm-none-eabi-gcc")
@pytest.mark.parametrize("cpu", ["cortex-m0", "cortex-m4", "cortex-m55"])
@pytest.mark.parametrize("optimization", ["-Os", "-O2"])
def test_it_agrees_with_the_compilers_own_account(
    tmp_path: Path, cpu: str, optimization: str
) -> None:
    source = tmp_path / "code.c"
    source.write_text(
        "int leaf(int *p, int n) { volatile int a[50]; a[n] = p[n]; return a[n]; }\n"
        "int caller(int *p) { return leaf(p, 1) * leaf(p, 2) + leaf(p, 3); }\n"
        "float scaled(float a, float b) { return a * b + 1; }\n"
    )
    command = ["arm-none-eabi-gcc", f"-mcpu={cpu}", "-mthumb", optimization, "-fno-inline"]
    command += ["-fstack-usage", "-c", "code.c", "-o", "code.o"]
    subprocess.run(command, cwd=tmp_path, check=True)
    found = disassemble(tmp_path / "code.o", "arm-none-eabi-objdump")
    assert found is not None
    for line in (tmp_path / "code.su").read_text().splitlines():
        where, frame, _ = line.split("\t")
        assert found[where.rpartition(":")[2]].frame == int(frame), line


def test_without_an_objdump_there_is_nothing(tmp_path: Path) -> None:
    assert disassemble(tmp_path / "fw.elf", "no-such-objdump") is None
    assert disassemble(tmp_path / "fw.elf", "false") is None
