"""Tensors, their types and their quantization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DTYPE_BYTES: Mapping[str, int] = {
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "float16": 2,
    "int32": 4,
    "uint32": 4,
    "float32": 4,
    "int64": 8,
    "uint64": 8,
    "float64": 8,
}


@dataclass(frozen=True)
class Quantization:
    """real = scale * (stored - zero_point)."""

    scale: float
    zero_point: int


@dataclass(frozen=True)
class Tensor:
    """One input or output. `shape` is None when the MLF gives sizes alone (see `Module.notes`)."""

    name: str
    dtype: str  # TVM's spelling: int8, uint8, float32, bool, ...
    shape: tuple[int, ...] | None
    size_bytes: int
    quantization: Quantization | None = None  # one scale for all
    quantized_axis: int | None = None  # a scale for each index of this dimension; not in the MLF
