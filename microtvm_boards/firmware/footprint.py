"""What takes the memory of a linked firmware: by part, by section, by symbol.

Sections and symbols are the ELF's; the part is that of the object file which the link map names.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from microtvm_boards.boards import Memory
from microtvm_boards.elf import FUNCTION, NOTYPE, OBJECT, Elf, Section
from microtvm_boards.firmware.built import open_built
from microtvm_boards.firmware.link_map import InputSection, read_map
from microtvm_boards.firmware.memory_use import places, sections_in_memory
from microtvm_boards.project.project import Project

PARTS: Mapping[str, str] = {
    "model": "what TVM generated, its constants and its tensors",
    "runtime": "the model API, and what generated code calls",
    "rpc": "frames, sessions, registry, tensor heap, packet buffer",
    "app": "main() and files of your own",
    "libc": "libraries of the compiler",
    "platform": "start-up code, drivers, operating system, stack",
}
# Buffers that hold tensors are the model's, whoever declares them.
TENSOR_MEMORY = re.compile(
    r"^\.bss\.((input|output)_memory|\w+_(inputs|outputs))$|^\.bss\.noinit"
    r"|^\.rodata\.(mtvm_\w+_param_|pool_)"
)
_RING = "receive_ring.c"
# First match counts; paths are those of the project.
_PART_OF_PATH = (
    ("/codegen/host/", "model"),
    ("src/rpc/", "rpc"),
    (_RING, "rpc"),
    ("src/model/", "runtime"),
    ("src/runtime/", "runtime"),
    ("crt/", "runtime"),
    ("src/app/", "app"),
    ("extra/", "app"),
    ("src/port/", "platform"),
)
_LIBRARY = re.compile(
    r"(^|/)lib(c|m|gcc|gcc_eh|c_nano|m_nano|g|g_nano|nosys|c_nonshared|mvec|picolibc)\.(a|so[.\d]*)\b"
    r"|(^|/)\w*crt\w*\.o$"
)
_KINDS = (FUNCTION, OBJECT, NOTYPE)


@dataclass(frozen=True)
class Piece:
    """Bytes in one memory. What is copied at start is there twice: where it is, and in flash."""

    memory: str  # of the board; text, data or bss on the host
    part: str  # of PARTS
    section: str
    symbol: str  # in parentheses: what no symbol names
    size: int


@dataclass(frozen=True)
class _Symbol:
    name: str
    address: int
    size: int


def footprint(
    project: Project, firmware: Path, memories: Sequence[Memory] | None = None
) -> tuple[Piece, ...]:
    """Every byte of `firmware`, once in each memory that it takes; largest first.

    `memories`: Platform.memories, by default those of the board file. The sizes add up to those of
    `memory_use`. Raises ProjectError when the ELF or the link map beside it can't be read.
    """
    if memories is None:
        memories = project.board.memories
    with open_built(firmware) as elf:
        sections, symbols = sections_in_memory(elf), _symbols(elf)
    inputs = sorted(read_map(firmware.with_suffix(".map")), key=lambda i: i.address)
    sources = {PurePosixPath(path).name: path for path in project.manifest.files}
    pieces = [
        Piece(memory, part, section.name, name, size)
        for section in sections
        if section.size > 0
        for memory in places(section, elf.segments, memories)
        for part, name, size in _split(section, inputs, symbols, sources)
    ]
    return tuple(sorted(pieces, key=lambda p: (-p.size, p.memory, p.section, p.symbol)))


def totals(pieces: Iterable[Piece], *keys: str) -> Counter[tuple[str, ...]]:
    """Bytes by the fields `keys` of a Piece."""
    sums: Counter[tuple[str, ...]] = Counter()
    for piece in pieces:
        sums[tuple(getattr(piece, key) for key in keys)] += piece.size
    return sums


def part_of(section: InputSection, sources: Mapping[str, str]) -> str:
    """`sources`: paths in the project by file name, for objects in archives, which have no path."""
    if _LIBRARY.search(section.file.partition("(")[0]):
        return "libc"
    path = section.file
    if path.endswith(")"):  # archive(member)
        member = re.sub(r"\.(o|obj)$", "", path.rpartition("(")[2][:-1])
        path = sources.get(member, path)
    part = next((part for inside, part in _PART_OF_PATH if inside in path), "platform")
    if part in ("runtime", "app") and TENSOR_MEMORY.search(section.name):
        return "model"
    return part


def _split(
    section: Section,
    inputs: Sequence[InputSection],
    symbols: Sequence[_Symbol],
    sources: Mapping[str, str],
) -> Iterator[tuple[str, str, int]]:
    """(part, symbol, bytes) of one section of the ELF, together as many as it has."""
    at, end = section.address, section.address + section.size
    padding = 0
    mine = [i for i in inputs if i.output == section.name and at <= i.address < end]
    for piece in mine:
        stop = min(piece.address + piece.size, end)
        if stop <= at:
            continue
        padding += max(0, piece.address - at)
        part = part_of(piece, sources)
        for name, size in _by_symbol(max(at, piece.address), stop, piece.name, symbols):
            yield part, name, size
        at = stop
    padding += end - at
    if not mine:  # made by the linker, or by its script
        name = "(stack)" if section.name == ".stack" else f"({section.name})"
        yield "platform", name, padding
    elif padding > 0:
        yield "platform", "(alignment)", padding


def _by_symbol(
    start: int, end: int, section: str, symbols: Sequence[_Symbol]
) -> Iterator[tuple[str, int]]:
    at, rest = start, 0
    first = bisect_left(symbols, start, key=lambda s: s.address)
    for symbol in symbols[first:]:
        if symbol.address >= end:
            break
        if symbol.address < at:  # another name of the one before
            continue
        rest += symbol.address - at
        at = min(symbol.address + symbol.size, end)
        yield symbol.name, at - symbol.address
    rest += end - at
    if rest > 0:
        yield f"({section})", rest


def _symbols(elf: Elf) -> list[_Symbol]:
    """By address; of several names of one thing the largest first."""
    # Bit 0 of a function's address says Thumb (ELF for the Arm architecture, 5.5.3).
    thumb = 1 if elf.machine == "EM_ARM" else 0
    found = [
        _Symbol(s.name, s.value & ~(thumb if s.kind == FUNCTION else 0), s.size)
        for s in elf.symbols
        if s.size > 0 and s.kind in _KINDS
    ]
    return sorted(found, key=lambda s: (s.address, -s.size, s.name))
