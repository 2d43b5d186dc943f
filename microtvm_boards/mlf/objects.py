"""What object files say: the symbols that they define and want."""

from __future__ import annotations

import re

from microtvm_boards.elf import Elf, ElfError
from microtvm_boards.mlf.checks import Malformed
from microtvm_boards.mlf.code import ModuleCode
from microtvm_boards.model import Interface


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
    try:
        elf = Elf(data)
        if elf.kind != "ET_REL":
            raise Malformed(f"it is an ELF file, but no relocatable object: {elf.kind}")
        if elf.symbol_table is None:
            raise Malformed("it has no symbol table")
        named = [symbol for symbol in elf.symbols if symbol.name and not symbol.is_local]
    except ElfError as error:
        raise Malformed(f"it is no readable ELF object: {error}") from error
    defined = {symbol.name for symbol in named if symbol.is_defined}
    wanted = {symbol.name for symbol in named if not symbol.is_defined}
    return defined, wanted


def loaded_bytes(data: bytes) -> int:
    """Bytes of code and constants in the object file `data`; 0 when it can't be read."""
    try:
        sections = Elf(data).sections
    except ElfError:  # scan_object has refused it, or it is an archive
        return 0
    return sum(s.size for s in sections if s.takes_memory and s.has_content)
