"""How many bytes of each memory a linked firmware takes, from its ELF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from microtvm_boards.boards import Memory
from microtvm_boards.errors import ProjectError
from microtvm_boards.platforms.base import MemoryUse

ELSEWHERE = "(outside the board's memories)"


def memory_use(elf: Path, memories: Sequence[Memory]) -> tuple[MemoryUse, ...]:
    """Bytes of all allocated sections, by memory in the order of `memories`.

    A section counts where it is when the firmware runs; one with contents that is copied at start
    (.data) counts in flash too, at its load address. Gaps between sections don't count. Without
    `memories` (the host) the names are text, data and bss, as `size` uses them.
    Raises ProjectError when `elf` is no ELF.
    """
    # pyelftools takes a while to import, and only sizes need it.
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with elf.open("rb") as file:
            parsed = ELFFile(file)
            sections = [s for s in parsed.iter_sections() if s["sh_flags"] & _SHF_ALLOC]
            segments = [s for s in parsed.iter_segments() if s["p_type"] == "PT_LOAD"]
            if not memories:
                return _by_kind(sections)
            return _by_memory(sections, segments, memories)
    except (ELFError, OSError) as error:
        raise ProjectError(
            f"{elf} can't be read as an ELF: {error}.", hint="build the project again"
        ) from error


_SHF_WRITE = 1  # System V ABI, section header flags
_SHF_ALLOC = 2


def _by_kind(sections: Sequence[Any]) -> tuple[MemoryUse, ...]:
    sizes = {"text": 0, "data": 0, "bss": 0}
    for section in sections:
        if section["sh_type"] == "SHT_NOBITS":
            sizes["bss"] += section["sh_size"]
        else:
            sizes["data" if section["sh_flags"] & _SHF_WRITE else "text"] += section["sh_size"]
    return tuple(MemoryUse(kind, size, None) for kind, size in sizes.items())


def _by_memory(
    sections: Sequence[Any], segments: Sequence[Any], memories: Sequence[Memory]
) -> tuple[MemoryUse, ...]:
    sizes = dict.fromkeys([memory.name for memory in memories] + [ELSEWHERE], 0)
    for section in sections:
        address = section["sh_addr"]
        sizes[_memory_at(address, memories)] += section["sh_size"]
        load = _load_address(section, segments)
        if load not in (None, address):
            sizes[_memory_at(load, memories)] += section["sh_size"]
    limits = {memory.name: memory.size for memory in memories}
    return tuple(
        MemoryUse(name, size, limits.get(name))
        for name, size in sizes.items()
        if name in limits or size > 0
    )


def _memory_at(address: int, memories: Sequence[Memory]) -> str:
    for memory in memories:
        if memory.origin <= address < memory.origin + memory.size:
            return memory.name
    return ELSEWHERE


def _load_address(section: Any, segments: Sequence[Any]) -> int | None:
    """Where a section's contents lie before start-up code copies them; None: it has none."""
    if section["sh_type"] == "SHT_NOBITS":
        return None
    for segment in segments:
        offset = section["sh_offset"] - segment["p_offset"]
        if 0 <= offset < segment["p_filesz"]:
            return int(segment["p_paddr"] + offset)
    return None
