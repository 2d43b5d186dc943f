"""What object files say: the symbols that they define and want."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from typing import Any

from microtvm_boards.mlf.checks import Malformed
from microtvm_boards.mlf.code import ModuleCode
from microtvm_boards.model.module import Interface

_MAX_SYMBOLS = 100_000
_MAX_NAME = 1024
_STB_LOCAL = 0
_SHN_UNDEF = 0
_SHF_ALLOC = 2


def scan_object(data: bytes, name: str, has_header: bool) -> ModuleCode:
    """Scans one ELF relocatable of the module `name`.

    Without a system library LLVM calls TVM's functions through pointers of its own that somebody
    has to set (__TVMBackendAllocWorkspace, weak, zero). Then both names are in `runtime_calls`.
    Raises Malformed when `data` is no ELF file with a symbol table.
    """
    defined, wanted = _symbols(data)
    pointers = {s.removeprefix("__") for s in defined | wanted if s.startswith("__TVM")}
    calls = {s for s in defined | wanted if s.startswith("__TVM")} | pointers
    calls |= {s for s in wanted if s.startswith("TVM")}
    packed = Interface.C if has_header else Interface.PACKED
    return ModuleCode(
        entry=packed if f"tvmgen_{name}_run" in defined else None,
        main=packed if f"tvmgen_{name}___tvm_main__" in defined else None,
        main_args=_main_args(data, name),
        runtime_calls=frozenset(calls),
        system_lib="TVMSystemLibEntryPoint" in defined,
    )


def _main_args(data: bytes, name: str) -> int | None:
    """LLVM's packed functions check the number of their arguments, and say so in a message."""
    message = rf"tvmgen_{re.escape(name)}___tvm_main__: num_args should be (\d{{1,4}})"
    match = re.search(message.encode(), data)
    return int(match[1]) if match else None


def _symbols(data: bytes) -> tuple[set[str], set[str]]:
    """The names of global symbols: defined, undefined."""
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    defined: set[str] = set()
    wanted: set[str] = set()
    try:
        elf = ELFFile(io.BytesIO(data))
        if elf["e_type"] != "ET_REL":
            raise Malformed(f"it is an ELF file, but no relocatable object: {elf['e_type']}")
        tables = [s for s in elf.iter_sections() if isinstance(s, SymbolTableSection)]
        if not tables:
            raise Malformed("it has no symbol table")
        for table in tables:
            for name, is_defined in _read_table(elf, table):
                (defined if is_defined else wanted).add(name)
    except Malformed:
        raise
    # pyelftools trusts the file: damage shows up as whatever its arithmetic runs into.
    except Exception as error:
        raise Malformed(f"it is no readable ELF object: {error!r}") from error
    return defined, wanted


def _read_table(elf: Any, table: Any) -> Iterator[tuple[str, bool]]:
    """Global symbols and whether they are defined.

    Not by table.iter_symbols(): that reads names without a limit, and ten times slower.
    """
    if table.compressed or table.stringtable.compressed:
        raise Malformed("its symbol table is compressed")
    symbols, names = table.data(), table.stringtable.data()
    order = "<" if elf.little_endian else ">"
    # ELF-64: name, info, other, section, value, size; ELF-32: info to section come last.
    layout = struct.Struct(order + ("IBBHQQ" if elf.elfclass == 64 else "IIIBBH"))
    at = 1 if elf.elfclass == 64 else 3
    if len(symbols) % layout.size or len(symbols) // layout.size > _MAX_SYMBOLS:
        raise Malformed("its symbol table has a size that can't be")
    for symbol in layout.iter_unpack(symbols):
        start, info, section = symbol[0], symbol[at], symbol[at + 2]
        end = names.find(b"\0", start, start + _MAX_NAME)
        if info >> 4 == _STB_LOCAL or end <= start:
            continue
        yield names[start:end].decode("utf-8", "replace"), section != _SHN_UNDEF


def loaded_bytes(data: bytes) -> int:
    """Bytes of code and constants in the object file `data`; 0 when it can't be read."""
    from elftools.elf.elffile import ELFFile

    try:
        sections = list(ELFFile(io.BytesIO(data)).iter_sections())
    except Exception:  # scan_object has refused it, or it is an archive
        return 0
    return sum(
        int(s["sh_size"])
        for s in sections
        if s["sh_flags"] & _SHF_ALLOC and s["sh_type"] != "SHT_NOBITS"
    )
