"""Faults that are planted into the sources of a project, and the operators that they hit."""

from __future__ import annotations

import re
from pathlib import Path

from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from tests.end_to_end.firmware import need_tools

_NUMBER = re.compile(r"[+-]?0x[0-9a-f]+")


def tvms_server(standalone_crt: Path) -> dict[str, object]:
    """Options of a packed firmware that TVM's own RPC server serves."""
    return {
        "model_entrypoint_api": "packed",
        "runtime": "standalone_crt",
        "standalone_crt_dir": standalone_crt,
    }


def built(project: Project) -> Project:
    need_tools(project)
    get_platform(project.platform).build(project)
    return project


def flip_bit(
    project: Project,
    constant: str,
    *,
    element: int = 4,
    bit: int = 5,
    file: str = "*.c",
    folder: str = "model",
) -> None:
    """Flips one bit of one number of a constant array in the sources, and builds again."""
    start = re.compile(rf"\.{constant} = \{{|\b{constant}\[\d*\] = \{{")
    sources = [*(project.directory / folder).rglob(file)]
    sources += (project.directory / "src" / "model").glob("*_params.c")
    assert any(_flip(path, start, element, bit) for path in sources), constant
    built(project)


def _flip(path: Path, start: re.Pattern[str], element: int, bit: int) -> bool:
    text = path.read_text()
    head = start.search(text)
    if head is None:
        return False
    number = list(_NUMBER.finditer(text, head.end(), text.index("}", head.end())))[element]
    flipped = int(number[0], 16) ^ 1 << bit
    sign = "-" if flipped < 0 else "+"
    path.write_text(f"{text[: number.start()]}{sign}{abs(flipped):#x}{text[number.end() :]}")
    return True
