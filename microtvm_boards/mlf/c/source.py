"""What generated C says about itself: entry, calls into TVM's runtime, static buffers, metadata.

Written by src/target/source/codegen_c_host.cc and source_module.cc of TVM.
"""

from __future__ import annotations

import re

from microtvm_boards.mlf.c.memory import scan_static_memory
from microtvm_boards.mlf.c.metadata_tables import parse_tables
from microtvm_boards.mlf.c.text import without_comments_and_strings
from microtvm_boards.mlf.code import ModuleCode
from microtvm_boards.model import Interface

# Without \b in front, so that the search runs at the speed of a plain string's.
_CALL = re.compile(r"TVM\w{0,48}[ \t]{0,8}\(")
_DEFINED = re.compile(r"TVM\w{1,48}(?=\((?:void)?\)\s*\{)")
# Kernels of arm_cpu keys define macros for themselves: #define TVMGEN_QUAD_INT8_...(
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(TVM\w{1,48})(?=\()", re.MULTILINE)
_ALLOC = re.compile(r"TVMBackendAllocWorkspace\(\d+, \w+, \(uint64_t\)(\d{1,15})")


def scan_c(text: str, name: str) -> ModuleCode:
    """Scans one generated C file of the module `name`. Raises Malformed for broken tables."""
    code = without_comments_and_strings(text)
    defined = {*_DEFINED.findall(code), *_MACRO.findall(code)}
    memory = scan_static_memory(text)
    names = {m[0][:-1].rstrip() for m in _CALL.finditer(code) if not _in_word(code, m.start())}
    return ModuleCode(
        entry=_entry(code, f"tvmgen_{name}_run"),
        main=_entry(code, f"tvmgen_{name}___tvm_main__"),
        main_args=_main_args(code, name),
        runtime_calls=frozenset(names - defined),
        allocated_bytes=sum(int(size) for size in _ALLOC.findall(code)),
        static_buffers=memory.buffers,
        constants_bytes=memory.constants_bytes,
        alignment=memory.alignment,
        system_lib="TVMSystemLibEntryPoint" in defined,
        tables=parse_tables(text) if "kTvmgenMetadata[" in code else None,
    )


def _in_word(text: str, position: int) -> bool:
    before = text[position - 1] if position else " "
    return before.isalnum() or before == "_"


def _entry(code: str, symbol: str) -> Interface | None:
    """The calling convention of the function `symbol`, when it is defined in this file."""
    match = re.search(rf"int32_t {re.escape(symbol)}\(([^(){{}};]*)\)\s*\{{", code)
    if match is None:
        return None
    packed = re.match(r"\s*(?:TVMValue|void)\s*\*\s*args\s*,", match[1])
    return Interface.PACKED if packed else Interface.C


def _main_args(code: str, name: str) -> int | None:
    """How many inputs and outputs the packed entry takes, together.

    From TVM 0.9 the entry itself takes them apart; in 0.8 it passes all on to run_model.
    """
    for function in ("run", "run_model"):
        head = re.search(rf"int32_t tvmgen_{re.escape(name)}_{function}\([^(){{}};]*\)\s*\{{", code)
        if head is None:
            continue
        body = code[head.end() : code.find("\n}", head.end())]
        places = re.findall(r"\(\(TVMValue ?\*\)args\)\[(\d{1,4})\]", body)
        if places:
            return max(map(int, places)) + 1
    return None
