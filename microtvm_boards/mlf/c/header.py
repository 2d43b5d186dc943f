"""codegen/host/include/tvmgen_<m>.h: the C interface as TVM declares it.

Written by src/target/source/interface_c.cc; pools and sizes from TVM 0.9, tensor sizes from 0.11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from microtvm_boards.mlf.c.text import without_comments
from microtvm_boards.mlf.checks import MAX_COUNT, Malformed
from microtvm_boards.model import Pool

_DEFINE = re.compile(r"^#define[ \t]+(\w+)[ \t]+(\d{1,19})[ \t]*$", re.MULTILINE)
_FIELD = re.compile(r"void[ \t]*\*[ \t]*(\w+)[ \t]*;")


@dataclass(frozen=True)
class CHeader:
    inputs: tuple[str, ...]  # fields of the structs: TVM's names, non-alphanumerics made "_"
    outputs: tuple[str, ...]
    devices: tuple[str, ...]
    pools: tuple[Pool, ...]
    sizes: Mapping[str, int]  # by field of inputs and outputs, where the header has them
    io_in_pools: bool  # run takes no inputs and outputs; tvmgen_<m>_map_inputs gives them


def parse_header(text: str, name: str) -> CHeader:
    """Reads the header of the module `name`. Raises Malformed when it declares no such module."""
    plain = without_comments(text)
    prefix = f"tvmgen_{name}"
    macros = {m[1]: int(m[2]) for m in _DEFINE.finditer(plain)}
    inputs = _struct(plain, f"{prefix}_inputs")
    outputs = _struct(plain, f"{prefix}_outputs")
    if inputs is None or outputs is None:
        raise Malformed(f"it declares no struct {prefix}_inputs and struct {prefix}_outputs")
    run = re.search(rf"\bint32_t {re.escape(prefix)}_run\(([^()]*)\)", plain)
    if run is None:
        raise Malformed(f"it declares no function {prefix}_run")
    sizes = {
        field: macros[macro]
        for field in (*inputs, *outputs)
        if (macro := f"{prefix}_{field}_SIZE".upper()) in macros
    }
    return CHeader(
        inputs=inputs,
        outputs=outputs,
        devices=_struct(plain, f"{prefix}_devices") or (),
        pools=tuple(
            _pool(field, f"{prefix}_{field}".upper(), macros, plain)
            for field in _struct(plain, f"{prefix}_workspace_pools") or ()
        ),
        sizes=sizes,
        io_in_pools="_inputs*" not in re.sub(r"\s", "", run[1]),
    )


def _struct(text: str, name: str) -> tuple[str, ...] | None:
    match = re.search(rf"\bstruct {re.escape(name)} \{{([^{{}}]*)\}}", text)
    return None if match is None else tuple(_FIELD.findall(match[1]))


def _pool(field: str, prefix: str, macros: Mapping[str, int], text: str) -> Pool:
    data = f"{prefix}_CONSTANT_POOL_DATA"
    constant = re.search(rf"^#define {data}\b", text, re.MULTILINE) is not None
    size = macros.get(f"{prefix}_{'CONSTANT' if constant else 'WORKSPACE'}_POOL_SIZE")
    if size is None or size >= MAX_COUNT:
        raise Malformed(f"it gives no usable size of the pool {field}: no macro {prefix}_..._SIZE")
    return Pool(field, size, data if constant else None)
