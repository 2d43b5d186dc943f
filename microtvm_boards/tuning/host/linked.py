"""What is read from linked kernels and firmware: addresses, loaded bytes, names of functions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from microtvm_boards.elf import FUNCTION, Elf
from microtvm_boards.errors import ProjectError
from microtvm_boards.firmware.built import open_built


def place_of(name: str, path: Path) -> tuple[int, int]:
    """Address and size of a symbol. Raises ProjectError when it isn't there."""
    with open_built(path) as elf:
        for symbol in elf.symbols:
            if symbol.name == name:
                return symbol.value, symbol.size
    raise ProjectError(f"{path} has no symbol {name}.", hint="build the project again")


def loaded(path: Path) -> bytes:
    """All that is loaded of an image whose parts lie one behind the other."""
    with open_built(path) as elf:
        parts = [(segment.load_address, elf.content(segment)) for segment in elf.segments]
    if not parts:
        return b""
    start = min(address for address, _ in parts)
    image = bytearray(max(address + len(data) for address, data in parts) - start)
    for address, data in parts:
        image[address - start : address - start + len(data)] = data
    return bytes(image)


def functions(path: Path, sources: Iterable[bytes]) -> tuple[str, ...]:
    """Global functions of `path` that are named in `sources` and in the data of the image, where
    the table of a system library has their names; sorted."""
    words = {word for source in sources for word in re.findall(rb"[A-Za-z_]\w*", source)}
    with open_built(path) as elf:
        found = {
            symbol.name
            for symbol in elf.symbols
            if symbol.kind == FUNCTION
            and symbol.is_global
            and symbol.in_section
            and symbol.name.encode() in words
        }
        # The first name stands behind the count of names, the others behind a NUL.
        tables = set(re.findall(rb"(?<=\0)[A-Za-z_]\w*(?=\0)", _constants(elf)))
    return tuple(sorted(name for name in found if name.encode() in tables))


def _constants(elf: Elf) -> bytes:
    """Sections with constants: not the symbols' own names."""
    return b"\0".join(
        elf.content(section)
        for section in elf.sections
        if section.takes_memory and section.kind == "SHT_PROGBITS"
    )
