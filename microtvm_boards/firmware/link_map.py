"""GNU ld's link map: which input section of which object file went where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from microtvm_boards.errors import ProjectError

_START = "Linker script and memory map"
_END = "\nOUTPUT("
# A long name stands alone on its line; the rest follows on the next one.
_BROKEN = re.compile(r"^( ?[^\s*(/][^\s(]*)\n[ \t]+(?=0x)", re.MULTILINE)
_OUTPUT = re.compile(r"(?P<name>[^\s*(/]\S*)\s+0x[0-9a-f]+\s+0x[0-9a-f]+")
_INPUT = re.compile(
    r" (?P<name>[^\s*(/]\S*)\s+0x(?P<address>[0-9a-f]+)\s+0x(?P<size>[0-9a-f]+)\s+(?P<file>\S.*)"
)


@dataclass(frozen=True)
class InputSection:
    """What one object file put into the firmware under one section's name."""

    output: str  # section of the firmware: .text, .bss, ...
    name: str  # .text.main
    address: int  # where it is when the firmware runs
    size: int  # bytes, more than 0
    file: str  # src/main.c.obj, or libc.a(memcpy.o)


def read_map(path: Path) -> tuple[InputSection, ...]:
    """The input sections that got into the firmware, in the order of the map.

    Sections without a place in memory (debug information) are among them. Raises ProjectError when
    there is no such file or it is no map of GNU ld.
    """
    hint = "build the project again"
    try:
        text = path.read_text(errors="replace")
    except OSError as error:
        raise ProjectError(f"{path} can't be read: {error.strerror}.", hint=hint) from error
    start = text.find(_START)
    if start < 0:
        raise ProjectError(f"{path} is no link map of GNU ld.", hint=hint)
    end = text.find(_END, start)
    found = list(_sections(text[start : end if end >= 0 else len(text)]))
    clipped = [_up_to(section, after) for section, after in pairwise(found)]
    return tuple(section for section in (*clipped, *found[-1:]) if section.size > 0)


def _up_to(section: InputSection, after: InputSection) -> InputSection:
    """Of strings that another file has too, ld names a size that isn't theirs (binutils 2.40):
    what follows begins earlier."""
    room = after.address - section.address
    if section.output != after.output or not 0 <= room < section.size:
        return section
    return replace(section, size=room)


def _sections(text: str) -> Iterator[InputSection]:
    output = ""
    for line in _BROKEN.sub(r"\1 ", text).splitlines():
        if match := _INPUT.fullmatch(line):
            size = int(match["size"], 16)
            if size > 0 and match["file"].strip():
                address = int(match["address"], 16)
                yield InputSection(output, match["name"], address, size, match["file"].strip())
        elif match := _OUTPUT.match(line):
            output = match["name"]
