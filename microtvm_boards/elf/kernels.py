"""What is read from linked kernels and firmware: addresses, loaded bytes, names of functions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from microtvm_boards.errors import ProjectError


def symbol(path: Path, name: str) -> tuple[int, int]:
    """Address and size of a global symbol. Raises ProjectError when it isn't there."""
    for found in _symbols(path):
        if found.name == name:
            return int(found["st_value"]), int(found["st_size"])
    raise ProjectError(f"{path} has no symbol {name}.", hint="build the project again")


def loaded(path: Path) -> bytes:
    """All that is loaded of an image whose parts lie one behind the other."""
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as file:
        segments = [s for s in ELFFile(file).iter_segments() if s["p_type"] == "PT_LOAD"]
        parts = [(int(s["p_paddr"]), s.data()) for s in segments if s["p_filesz"]]
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
    found = {
        s.name
        for s in _symbols(path)
        if s["st_info"]["type"] == "STT_FUNC"
        and s["st_info"]["bind"] == "STB_GLOBAL"
        and s["st_shndx"] not in ("SHN_UNDEF", "SHN_ABS")
        and s.name.encode() in words
    }
    # The first name stands behind the count of names, the others behind a NUL.
    tables = set(re.findall(rb"(?<=\0)[A-Za-z_]\w*(?=\0)", _data(path)))
    return tuple(sorted(name for name in found if name.encode() in tables))


def _data(path: Path) -> bytes:
    """Sections with constants: not the symbols' own names."""
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as file:
        sections = [
            s.data()
            for s in ELFFile(file).iter_sections()
            if s["sh_flags"] & 2 and s["sh_type"] == "SHT_PROGBITS"
        ]
    return b"\0".join(sections)


def _symbols(path: Path) -> list[Any]:
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    with path.open("rb") as file:
        tables = [s for s in ELFFile(file).iter_sections() if isinstance(s, SymbolTableSection)]
        return [found for table in tables[-1:] for found in table.iter_symbols()]
