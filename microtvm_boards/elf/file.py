"""One ELF file, read whole: header, sections, segments, symbols, relocations, Arm's attributes.

pyelftools trusts the file: damage shows up as whatever its arithmetic runs into. Here, and nowhere
else, that becomes one error.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

_MOST_PARTS = 1 << 17  # sections, segments
_MOST_SYMBOLS = 100_000
_LONGEST_NAME = 1024  # bytes; longer ones could overlap in the string table by the thousand
# System V ABI: section header flags, symbol table entries, special sections.
_SHF_WRITE, _SHF_ALLOC, _SHF_EXECINSTR, _SHF_COMPRESSED = 1, 2, 4, 0x800
_STB_LOCAL, _STB_GLOBAL = 0, 1
_SHN_UNDEF, _SHN_LORESERVE = 0, 0xFF00
NOTYPE, OBJECT, FUNCTION, SECTION = 0, 1, 2, 3  # Symbol.kind


class ElfError(Exception):
    """What is wrong with a file; whoever reads it says which one, and what to do."""


class CutElfError(ElfError):
    """The file ends before what its headers describe."""


@dataclass(frozen=True)
class Section:
    """kind: SHT_PROGBITS and the like, digits where it is none that is known. address: 0 in files
    that aren't linked. link, info: of a table its other tables, as ELF has them."""

    number: int
    name: str
    kind: str
    flags: int
    address: int
    offset: int  # in the file
    size: int  # bytes
    link: int
    info: int

    @property
    def takes_memory(self) -> bool:
        return bool(self.flags & _SHF_ALLOC)

    @property
    def is_written(self) -> bool:
        return bool(self.flags & _SHF_WRITE)

    @property
    def is_code(self) -> bool:
        return bool(self.flags & _SHF_EXECINSTR)

    @property
    def has_content(self) -> bool:
        """Else it is cleared at start, and takes no bytes of the file."""
        return self.kind != "SHT_NOBITS"


@dataclass(frozen=True)
class Segment:
    """Part of the file that is loaded; bytes."""

    load_address: int  # physical: where it lies before start-up code copies it
    offset: int  # in the file
    size: int  # in the file


@dataclass(frozen=True)
class Symbol:
    name: str  # "" where it has none, or one of more than 1024 bytes
    value: int
    size: int
    kind: int  # FUNCTION, OBJECT, ...
    binding: int
    section: int  # the number of its section, or one of ELF's special ones

    @property
    def is_local(self) -> bool:
        return self.binding == _STB_LOCAL

    @property
    def is_global(self) -> bool:
        """And not weak."""
        return self.binding == _STB_GLOBAL

    @property
    def is_defined(self) -> bool:
        return self.section != _SHN_UNDEF

    @property
    def in_section(self) -> bool:
        """Neither undefined nor a mere number."""
        return _SHN_UNDEF < self.section < _SHN_LORESERVE


@dataclass(frozen=True)
class Relocation:
    kind: int  # of the machine's ABI
    symbol: Symbol


class Elf:
    """machine: EM_ARM and the like. kind: ET_REL, ET_EXEC, ... segments: those with bytes to load.

    Reading anything of it raises ElfError where the file is damaged, and nothing else.
    """

    def __init__(self, data: bytes) -> None:
        # pyelftools takes a while to import, and few need it.
        from elftools.elf.elffile import ELFFile

        self._data = data
        with _one_error():
            self._file: Any = ELFFile(io.BytesIO(data))
            self.machine = str(self._file["e_machine"])
            self.kind = str(self._file["e_type"])
            self.sections = tuple(self._read_sections())
            self.segments = tuple(self._read_segments())

    @classmethod
    def open(cls, path: Path) -> Elf:
        """Raises OSError, ElfError."""
        return cls(path.read_bytes())

    def _read_sections(self) -> Iterator[Section]:
        if self._file.num_sections() > _MOST_PARTS:
            raise ElfError("it has a number of sections that can't be")
        for number, section in enumerate(self._file.iter_sections()):
            yield Section(
                number,
                section.name,
                str(section["sh_type"]),
                section["sh_flags"],
                section["sh_addr"],
                section["sh_offset"],
                section["sh_size"],
                section["sh_link"],
                section["sh_info"],
            )

    def _read_segments(self) -> Iterator[Segment]:
        if self._file.num_segments() > _MOST_PARTS:
            raise ElfError("it has a number of segments that can't be")
        for segment in self._file.iter_segments():
            if segment["p_type"] == "PT_LOAD" and segment["p_filesz"] > 0:
                yield Segment(segment["p_paddr"], segment["p_offset"], segment["p_filesz"])

    def section(self, name: str) -> Section | None:
        """The first of that name."""
        return next((section for section in self.sections if section.name == name), None)

    def section_of(self, symbol: Symbol) -> Section | None:
        """None where it lies in none."""
        if not symbol.in_section:
            return None
        with _one_error():
            return self.sections[symbol.section]

    def content(self, part: Section | Segment) -> bytes:
        """Of a section that is cleared at start none. CutElfError where the file is too short."""
        if isinstance(part, Section):
            if not part.has_content:
                return b""
            if part.flags & _SHF_COMPRESSED:
                raise ElfError(f"its section {part.name} is compressed")
        found = self._data[part.offset : part.offset + part.size]
        if len(found) != part.size:
            raise CutElfError("it is cut short")
        return found

    @cached_property
    def symbol_table(self) -> Section | None:
        """None: it is stripped."""
        return next((s for s in self.sections if s.kind == "SHT_SYMTAB"), None)

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """In the order of the file's symbol table; none where it is stripped.

        Not by pyelftools: that reads names without a limit, and ten times slower.
        """
        if self.symbol_table is None:
            return ()
        with _one_error():
            names = self.content(self.sections[self.symbol_table.link])
            return tuple(self._read_symbols(self.content(self.symbol_table), names))

    def _read_symbols(self, table: bytes, names: bytes) -> Iterator[Symbol]:
        order, wide = "<" if self._file.little_endian else ">", self._file.elfclass == 64
        layout = struct.Struct(order + ("IBBHQQ" if wide else "IIIBBH"))
        if len(table) % layout.size or len(table) // layout.size > _MOST_SYMBOLS:
            raise ElfError("its symbol table has a size that can't be")
        for entry in layout.iter_unpack(table):
            if wide:
                start, info, _, section, value, size = entry
            else:
                start, value, size, info, _, section = entry
            end = names.find(b"\0", start, start + _LONGEST_NAME)
            name = names[start:end].decode("utf-8", "replace") if end > start else ""
            yield Symbol(name, value, size, info & 15, info >> 4, section)

    def relocations(self, changed: Section) -> list[Relocation]:
        """What the linker has to put into the section `changed`."""
        if self.symbol_table is None:
            return []
        tables = [
            section.number
            for section in self.sections
            if section.kind in ("SHT_REL", "SHT_RELA")
            and (section.info, section.link) == (changed.number, self.symbol_table.number)
        ]
        with _one_error():
            return [
                Relocation(found["r_info_type"], self.symbols[found["r_info_sym"]])
                for table in tables
                for found in self._file.get_section(table).iter_relocations()
            ]

    def arm_attributes(self) -> dict[str, int]:
        """The build attributes that are numbers, by pyelftools' name (TAG_CPU_ARCH)."""
        if self.section(".ARM.attributes") is None:
            return {}
        with _one_error():
            return {
                str(attribute.tag): attribute.value
                for part in self._file.get_section_by_name(".ARM.attributes").iter_subsections(
                    "aeabi"
                )
                for scope in part.iter_subsubsections("TAG_FILE")
                for attribute in scope.iter_attributes()
                if isinstance(attribute.value, int)
            }


@contextmanager
def _one_error() -> Iterator[None]:
    from elftools.common.exceptions import ELFError

    try:
        yield
    except ElfError:
        raise
    except ELFError as error:
        raise ElfError(str(error) or "it is no ELF file") from error
    except Exception as error:
        raise ElfError(f"{type(error).__name__}: {error}") from error
