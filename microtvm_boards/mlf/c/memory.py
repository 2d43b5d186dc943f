"""Static memory that generated C declares: planned workspace in RAM, constants in flash.

Written by src/target/source/source_module.cc (USMP's buffer and its struct of constants) and
codegen_c.cc (constants one by one) of TVM.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from microtvm_boards.mlf.checks import Malformed
from microtvm_boards.model import DTYPE_BYTES, StaticBuffer

_NOINIT = 'section(".bss.noinit.tvm"'
_BUFFER = re.compile(
    r'section\("\.bss\.noinit\.tvm"\)(?:, aligned\((\d{1,4})\))?[^\n]{0,80}\n'
    r"\s*static uint8_t (\w+)\[(\d{1,15})\]"
)
_RODATA = 'section(".rodata.tvm")'
_ARRAY = re.compile(
    r'section\("\.rodata\.tvm"\)(?:, aligned\((\d{1,4})\))?\)\) \w+\[(\d{1,15})\] ?='
)
_STRUCT = re.compile(r'section\("\.rodata\.tvm"\)[^\n]{0,80}\n\s*static struct \w+ \{\n')
_FIELD = re.compile(
    r"  \w+ \w+\[\d{1,15}\] __attribute__\(\((?:packed, )?aligned\((\d{1,4})\)\)\);"
    r" // (\d{1,15}) bytes, aligned offset: (\d{1,15})\n"
)
_DTYPE = re.compile(r"\b(float|double|u?int(?:8|16|32|64)_t)\b(?= __attribute__)")
_C_BYTES = {"float": 4, "double": 8, **{f"{n}_t": b for n, b in DTYPE_BYTES.items() if "int" in n}}


@dataclass(frozen=True)
class StaticMemory:
    buffers: tuple[StaticBuffer, ...]
    constants_bytes: int  # without the gaps between them
    alignment: int  # the largest that the code asks for; 1: it asks for none


def scan_static_memory(text: str) -> StaticMemory:
    """Raises Malformed for declarations in TVM's sections whose size can't be read."""
    buffers, constants, alignment = [], 0, 1
    for start in _places(text, _NOINIT):
        match = _BUFFER.match(text, start)
        if match is None:
            raise Malformed(
                "a static buffer in section .bss.noinit.tvm has no size that can be read"
            )
        buffers.append(StaticBuffer(match[2], int(match[3])))
        alignment = max(alignment, int(match[1] or 1))
    for start in _places(text, _RODATA):
        size, aligned = _constant(text, start)
        constants += size
        alignment = max(alignment, aligned)
    return StaticMemory(tuple(buffers), constants, alignment)


def _places(text: str, what: str) -> list[int]:
    places, start = [], text.find(what)
    while start >= 0:
        places.append(start)
        start = text.find(what, start + len(what))
    return places


def _constant(text: str, start: int) -> tuple[int, int]:
    """Bytes and alignment of the constant array or struct at `start`."""
    array = _ARRAY.match(text, start)
    if array is not None:
        line = text.rfind("\n", 0, start) + 1
        dtype = _DTYPE.search(text, line, start)
        if dtype is not None:
            return int(array[2]) * _C_BYTES[dtype[1]], int(array[1] or 1)
    struct = _STRUCT.match(text, start)
    if struct is None:
        raise Malformed("a constant in section .rodata.tvm has no size that can be read")
    size, aligned, at = 0, 1, struct.end()
    while field := _FIELD.match(text, at):
        aligned = max(aligned, int(field[1]))
        size = int(field[3]) + int(field[2])
        at = field.end()
    return -(-size // aligned) * aligned, aligned
