"""What a failed build is reported as. captured/ holds what GCC 12.2, Clang 14, GNU ld 2.40, CMake
3.25, Ninja 1.11 and GNU Make 4.3 printed; the project's directory is written /project."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microtvm_boards.boards import load_board
from microtvm_boards.platforms.build_errors import explain, last_lines

CAPTURED = Path(__file__).parent / "captured"
PROJECT = Path("/project")
BOARD = load_board("mps2_an386")

MESSAGES = {
    "gcc_error": "src/main.c:1: 'foo' undeclared (first use in this function)",
    "make_error": "src/main.c:1: 'foo' undeclared (first use in this function)",
    "clang_error": "src/main.c:1: use of undeclared identifier 'foo'; did you mean 'for'?",
    "missing_header": "src/main.c:1: tvm/runtime/crt/packed_func.h: No such file or directory",
    "missing_cxx_header": "crt/src/runtime/crt/microtvm_rpc_server/../../minrpc/minrpc_server.h:"
    "38: memory: No such file or directory",
    "clang_header": "src/main.c:1: 'arm_nnfunctions.h' file not found",
    "static_assertion": 'src/main.c:1: static assertion failed: "int has 2 bytes"',
    "warning_as_error": "src/main.c:1: unused variable 'unused' [-Werror=unused-variable]",
    "assembler_error": "src/main.c:1: no such instruction: `bogus r1'",
    "bad_flag": "cc1: bad value 'bogus' for '-mtune=' switch",
    "undefined": 'main.c: undefined reference to "TVMBackendParallelLaunch"',
    "undefined_with_debug_info": 'src/main.c:2: undefined reference to "foo"',
    "clang_undefined": 'main.c: undefined reference to "foo"',
    "arm_undefined": 'main.c: undefined reference to "arm_nn_foo"',
    "multiple_definition": 'multi.c: multiple definition of "f"',
    "missing_library": "cannot find -lnosuchlib: No such file or directory",
    "missing_linker_script": "cannot open linker script file /project/link.ld: No such file or "
    "directory",
    "overflow": "the firmware doesn't fit: FLASH is 4500 bytes too small, RAM is 34464 bytes too "
    "small",
    "cmake_message": "CMakeLists.txt:3: Board foo has no UART.",
    "cmake_syntax": 'CMakeLists.txt:3: Parse error.  Function missing ending ")".  End of file '
    "reached.",
    "cmake_no_compiler": "CMakeLists.txt:4: The CMAKE_C_COMPILER: nosuch-gcc is not a full path "
    "and was not found in the PATH.",
    "kconfig_warning": "prj.conf:21: Kconfig: attempt to assign the value 'y' to the undefined "
    "symbol NO_SUCH_THING",
    "devicetree_error": "devicetree error: /chosen: undefined node label 'nosuch'",
    "zephyr_module": "/zephyr/boards/arm/nucleo_f746zg/nucleo_f746zg.dts:9: "
    "st/f7/stm32f746zgtx-pinctrl.dtsi: No such file or directory",
    "cmake_no_source": "CMakeLists.txt:4: Cannot find source file: src/nope.c Tried extensions .c",
}


def captured(name: str) -> list[str]:
    return (CAPTURED / f"{name}.txt").read_text().splitlines()


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_the_first_error_of_a_real_tool_is_found_with_its_place(name: str) -> None:
    assert str(explain(captured(name), PROJECT, BOARD)).startswith(MESSAGES[name])


def test_every_captured_output_is_tested() -> None:
    assert {path.stem for path in CAPTURED.glob("*.txt")} == set(MESSAGES)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("missing_header", "runtime=standalone_crt"),
        ("clang_header", "cmsis_path=PATH"),
        ("missing_cxx_header", "libstdc++-arm-none-eabi-newlib"),
        ("undefined", "runtime=standalone_crt"),
        ("arm_undefined", "cmsis_path=PATH"),
        ("clang_undefined", "define foo"),
        ("missing_linker_script", ""),
        ("gcc_error", ""),
    ],
)
def test_a_hint_comes_where_one_helps(name: str, hint: str) -> None:
    found = explain(captured(name), PROJECT, BOARD).hint
    assert hint in found
    assert bool(hint) == bool(found)


def test_a_missing_header_of_the_c_library_names_the_package() -> None:
    line = "/project/src/main.c:1:10: fatal error: stdint.h: No such file or directory"
    assert "libnewlib-arm-none-eabi" in explain([line], PROJECT, BOARD).hint


def test_a_memory_that_is_too_small_is_met_with_what_makes_its_contents_smaller() -> None:
    ram = [line for line in captured("overflow") if "FLASH" not in line]
    failure = explain(ram, PROJECT, BOARD)
    assert failure.message == "the firmware doesn't fit: RAM is 34464 bytes too small"
    assert "stack_size_bytes" in failure.hint
    assert "optimization" not in failure.hint


def test_warnings_of_the_linker_are_no_errors() -> None:
    lines = [
        "/usr/bin/ld: libc.a(closer.o): in function `_close_r':",
        "(.text._close_r+0xc): warning: _close is not implemented and will always fail",
        "/usr/bin/ld: warning: firmware.elf has a LOAD segment with RWX permissions",
        "main.c:(.text+0x4): undefined reference to `foo'",
    ]
    assert explain(lines, PROJECT, BOARD).message == 'undefined reference to "foo"'


def test_colours_are_ignored() -> None:
    line = "\x1b[1m/project/a.c:3:4:\x1b[0m \x1b[31merror: \x1b[0mbad"
    failure = explain([line], PROJECT, BOARD)
    assert (failure.file, failure.line, failure.message) == ("a.c", 3, "bad")


def test_the_last_lines_leave_out_steps_and_commands() -> None:
    assert last_lines(captured("gcc_error"))[-7:] == [
        "FAILED: CMakeFiles/firmware.elf.dir/src/main.c.o",
        "/project/src/main.c: In function 'main':",
        "/project/src/main.c:1:25: error: 'foo' undeclared (first use in this function)",
        "    1 | int main(void) { return foo; }",
        "      |                         ^~~",
        "/project/src/main.c:1:25: note: each undeclared identifier is reported only once for each "
        "function it appears in",
        "ninja: build stopped: subcommand failed.",
    ]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=60)
PARTS = st.sampled_from(
    ["CMake Error at ", "error: ", "a.c:1:2: ", "ld: ", "FAILED: ", "  ", "[1/2] ", "\x1b[0m"]
)


@pytest.mark.slow
@given(st.lists(st.tuples(PARTS, TEXT, PARTS, TEXT).map("".join), max_size=20))
def test_no_output_confuses_the_search(lines: list[str]) -> None:
    failure = explain(lines, PROJECT, BOARD)
    assert failure.message
    assert len(str(failure)) < 500
    assert len(last_lines(lines * 3)) <= 20
