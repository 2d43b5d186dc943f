"""kTvmgenMetadata: the tables with shapes that the packed AOT interface compiles in (TVM 0.9 on).

Layout: include/tvm/runtime/metadata_types.h; written by MetadataSerializer of
src/target/source/source_module.cc.
"""

from __future__ import annotations

import re

from microtvm_boards.mlf.checks import Malformed
from microtvm_boards.mlf.code import Tables
from microtvm_boards.mlf.relay.text import TensorType

_SHAPE = re.compile(
    r"static const int64_t (kTvmgenMetadata_\w{1,40}_shape)\[(\d{1,2})\] = \{([^{}]*)\}"
)
_TENSORS = re.compile(
    r"static const struct TVMTensorInfo kTvmgenMetadata_(inputs|outputs|workspace_pools)"
    r"\[(\d{1,4})\] = \{"
)
_TENSOR = re.compile(
    r'\s*,?\s*\{\s*"((?:[^"\\\n]|\\.)*)"[^,{}"]*,\s*'  # name
    r"(\w+)\s*,"  # shape array
    r"[^,{}]*,\s*"  # number of dimensions
    r"\{(\d+), (\d+), (\d+)\}[^{},]*\}"  # DLDataType: code, bits, lanes
)
_DIM = re.compile(r"\s*(\d{1,12})L{0,2}\s*$")
_DTYPES = {0: "int", 1: "uint", 2: "float", 4: "bfloat"}  # DLDataTypeCode


def parse_tables(text: str) -> Tables:
    """Reads the tables of one C file. Raises Malformed when they are there, but damaged."""
    start = max(text.find("kTvmgenMetadata"), 0)
    end = text.find("TVMConstantInfo", start)  # constants follow, and are large
    text = text[start - 40 if start > 40 else 0 : end if end > 0 else len(text)]
    shapes = {m[1]: _shape(m[3], int(m[2]), m[1]) for m in _SHAPE.finditer(text)}
    tensors: dict[str, tuple[tuple[str, TensorType], ...]] = {}
    for match in _TENSORS.finditer(text):
        tensors[match[1]] = _tensors(text, match.end(), int(match[2]), match[1], shapes)
    return Tables(
        inputs=tensors.get("inputs", ()),
        outputs=tensors.get("outputs", ()),
        workspace_pools=len(tensors.get("workspace_pools", ())),
    )


def _shape(values: str, rank: int, name: str) -> tuple[int, ...]:
    items = values.split(",") if values.strip() else []
    dims = [_DIM.match(item) for item in items]
    if len(dims) != rank or None in dims:
        raise Malformed(f"the table {name} doesn't hold {rank} dimensions")
    return tuple(int(d[1]) for d in dims if d)


def _tensors(
    text: str, position: int, count: int, kind: str, shapes: dict[str, tuple[int, ...]]
) -> tuple[tuple[str, TensorType], ...]:
    found = []
    for index in range(count):
        match = _TENSOR.match(text, position)
        if match is None or match[2] not in shapes:
            raise Malformed(f"the table kTvmgenMetadata_{kind} has no readable entry {index}")
        found.append((match[1], TensorType(_dtype(*match.groups()[2:]), shapes[match[2]])))
        position = match.end()
    return tuple(found)


def _dtype(code: str, bits: str, lanes: str) -> str:
    name = _DTYPES.get(int(code) if len(code) < 4 else -1)
    if name is None or lanes != "1":
        raise Malformed(f"kTvmgenMetadata has the data type {{{code}, {bits}, {lanes}}}")
    return "bool" if (name, bits) == ("uint", "1") else name + bits
