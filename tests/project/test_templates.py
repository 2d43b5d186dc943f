"""How texts and numbers of a user's get into C and CMake."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from microtvm_boards.project.write.templates import c_bytes, render_source, template_environment
from microtvm_boards.resources import template_project

FILTERS = template_environment((template_project(),)).filters


@pytest.mark.tools
@pytest.mark.parametrize(
    "text", ["plain", 'a "b" \\ c', "trigraph ??/ %d", "Zürich\n\t1", "\x7f01", ""]
)
def test_a_text_in_c_is_what_it_was(tmp_path: Path, text: str) -> None:
    source = tmp_path / "main.c"
    source.write_text(
        f"#include <stdio.h>\nint main(void) {{ fputs({FILTERS['c_string'](text)}, stdout); }}\n"
    )
    program = tmp_path / "main"
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    subprocess.run(["cc", *flags, str(source), "-o", str(program)], check=True)
    assert subprocess.check_output([program]).decode() == text


@pytest.mark.tools
@pytest.mark.parametrize("text", ["plain", 'a "b"', "back\\slash", "$HOME ${X} a;b"])
def test_a_text_in_cmake_is_what_it_was(tmp_path: Path, text: str) -> None:
    script = tmp_path / "script.cmake"
    script.write_text(f'file(WRITE "{tmp_path}/out" {FILTERS["cmake"](text)})\n')
    subprocess.run(["cmake", "-P", str(script)], check=True, capture_output=True)
    assert (tmp_path / "out").read_text() == text


@pytest.mark.parametrize(
    ("number", "literal"), [(0.5, "0.5f"), (2.0, "2.0f"), (1e-9, "1e-09f"), (3, "3.f")]
)
def test_a_float_is_a_float_in_c(number: float, literal: str) -> None:
    assert FILTERS["c_float"](number) == literal


def test_a_comment_in_a_comment_ends_nothing() -> None:
    assert FILTERS["comment"]("a */ b /* c") == "a * / b / * c"


def test_signs_and_types() -> None:
    assert [FILTERS["minus"](n) for n in (3, 0, -3)] == ["- 3", "- 0", "+ 3"]
    assert [FILTERS["dl_bits"](t) for t in ("bool", "int8", "float64")] == [1, 8, 64]
    assert [FILTERS["dl_code"](t) for t in ("bool", "int8", "float16")] == [
        "kDLUInt",
        "kDLInt",
        "kDLFloat",
    ]
    assert [FILTERS["c_type"](t) for t in ("bool", "float16")] == ["uint8_t", "uint16_t"]


def test_bytes_stand_sixteen_in_a_line() -> None:
    lines = c_bytes(bytes(range(20))).splitlines()
    assert [line.count("0x") for line in lines] == [16, 4]
    assert lines[1] == "    0x10, 0x11, 0x12, 0x13,"


def test_a_name_that_a_template_misses_is_an_error() -> None:
    with pytest.raises(Exception, match="undefined"):
        render_source("src/model/symbols.h.j2", {})
