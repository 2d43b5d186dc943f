"""How many bytes of each memory a linked firmware takes, from its ELF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.boards import Memory
from microtvm_boards.elf import Elf, Section, Segment
from microtvm_boards.firmware.built import open_built

ELSEWHERE = "(outside the board's memories)"
KINDS = ("text", "data", "bss")  # of the host, which has no memories


@dataclass(frozen=True)
class MemoryUse:
    """Bytes that the linked firmware takes in one memory; `size_bytes` None: no limit is known."""

    memory: str
    used_bytes: int
    size_bytes: int | None


def memory_use(firmware: Path, memories: Sequence[Memory]) -> tuple[MemoryUse, ...]:
    """Bytes of all allocated sections, by memory in the order of `memories`.

    A section counts where it is when the firmware runs; one with contents that is copied at start
    (.data) counts in flash too, at its load address. Gaps between sections don't count. Without
    `memories` (the host) the names are text, data and bss, as `size` uses them.
    Raises ProjectError when `firmware` is no ELF.
    """
    with open_built(firmware) as elf:
        sections, segments = sections_in_memory(elf), elf.segments
    if memories:
        sizes = dict.fromkeys([memory.name for memory in memories] + [ELSEWHERE], 0)
    else:
        sizes = dict.fromkeys(KINDS, 0)
    for section in sections:
        for place in places(section, segments, memories):
            sizes[place] += section.size
    limits = {memory.name: memory.size for memory in memories}
    return tuple(
        MemoryUse(name, size, limits.get(name))
        for name, size in sizes.items()
        if name != ELSEWHERE or size > 0
    )


def sections_in_memory(elf: Elf) -> list[Section]:
    """Activations of several models overlap: of sections in the same place the largest counts."""
    kept: dict[object, Section] = {}
    for section in elf.sections:
        if section.takes_memory:
            overlaid = not section.has_content and section.size > 0
            key = section.address if overlaid else f"section {section.number}"
            if key not in kept or kept[key].size < section.size:
                kept[key] = section
    return list(kept.values())


def places(
    section: Section, segments: Sequence[Segment], memories: Sequence[Memory]
) -> tuple[str, ...]:
    """The memories that `section` counts in: where it is, and where it is loaded from."""
    if not memories:
        return ("bss" if not section.has_content else "data" if section.is_written else "text",)
    load = _load_address(section, segments)
    if load in (None, section.address):
        return (_memory_at(section.address, memories),)
    return (_memory_at(section.address, memories), _memory_at(load, memories))


def _memory_at(address: int, memories: Sequence[Memory]) -> str:
    for memory in memories:
        if memory.origin <= address < memory.origin + memory.size:
            return memory.name
    return ELSEWHERE


def _load_address(section: Section, segments: Sequence[Segment]) -> int | None:
    """Where a section's contents lie before start-up code copies them; None: it has none."""
    if not section.has_content:
        return None
    for segment in segments:
        offset = section.offset - segment.offset
        if 0 <= offset < segment.size:
            return segment.load_address + offset
    return None
