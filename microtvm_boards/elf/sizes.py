"""How many bytes of each memory a linked firmware takes, from its ELF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from microtvm_boards.boards import Memory
from microtvm_boards.errors import ProjectError
from microtvm_boards.platforms.base import MemoryUse

ELSEWHERE = "(outside the board's memories)"
KINDS = ("text", "data", "bss")  # of the host, which has no memories


def memory_use(elf: Path, memories: Sequence[Memory]) -> tuple[MemoryUse, ...]:
    """Bytes of all allocated sections, by memory in the order of `memories`.

    A section counts where it is when the firmware runs; one with contents that is copied at start
    (.data) counts in flash too, at its load address. Gaps between sections don't count. Without
    `memories` (the host) the names are text, data and bss, as `size` uses them.
    Raises ProjectError when `elf` is no ELF.
    """
    sections, segments = allocated(elf)
    if memories:
        sizes = dict.fromkeys([memory.name for memory in memories] + [ELSEWHERE], 0)
    else:
        sizes = dict.fromkeys(KINDS, 0)
    for section in sections:
        for place in places(section, segments, memories):
            sizes[place] += section["sh_size"]
    limits = {memory.name: memory.size for memory in memories}
    return tuple(
        MemoryUse(name, size, limits.get(name))
        for name, size in sizes.items()
        if name != ELSEWHERE or size > 0
    )


def allocated(elf: Path) -> tuple[list[Any], list[Any]]:
    """The sections of `elf` that take memory, and its segments, as pyelftools has them.

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
            return _without_overlaid(sections), segments
    except (ELFError, OSError) as error:
        raise ProjectError(
            f"{elf} can't be read as an ELF: {error}.", hint="build the project again"
        ) from error


_SHF_WRITE = 1  # System V ABI, section header flags
_SHF_ALLOC = 2


def _without_overlaid(sections: Sequence[Any]) -> list[Any]:
    """Activations of several models overlap: of sections in the same place the largest counts."""
    kept: dict[object, Any] = {}
    for number, section in enumerate(sections):
        overlaid = section["sh_type"] == "SHT_NOBITS" and section["sh_size"] > 0
        key = section["sh_addr"] if overlaid else f"section {number}"
        if key not in kept or kept[key]["sh_size"] < section["sh_size"]:
            kept[key] = section
    return list(kept.values())


def places(section: Any, segments: Sequence[Any], memories: Sequence[Memory]) -> tuple[str, ...]:
    """The memories that `section` counts in: where it is, and where it is loaded from."""
    nobits = section["sh_type"] == "SHT_NOBITS"
    if not memories:
        writable = section["sh_flags"] & _SHF_WRITE
        return ("bss" if nobits else "data" if writable else "text",)
    address = section["sh_addr"]
    load = _load_address(section, segments)
    if load in (None, address):
        return (_memory_at(address, memories),)
    return (_memory_at(address, memories), _memory_at(load, memories))


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
