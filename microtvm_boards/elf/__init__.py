"""Reads object files and linked files: `Elf`. No other room opens one."""

from microtvm_boards.elf.file import (
    FUNCTION,
    NOTYPE,
    OBJECT,
    SECTION,
    CutElfError,
    Elf,
    ElfError,
    Relocation,
    Section,
    Segment,
    Symbol,
)

__all__ = [
    "FUNCTION",
    "NOTYPE",
    "OBJECT",
    "SECTION",
    "CutElfError",
    "Elf",
    "ElfError",
    "Relocation",
    "Section",
    "Segment",
    "Symbol",
]
