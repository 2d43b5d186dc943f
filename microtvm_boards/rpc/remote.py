"""Things in the device's memory, as Python sees them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from microtvm_boards.errors import UsageError
from microtvm_boards.model import Graph, Param, Tensor
from microtvm_boards.rpc.values import DataType, Handle, TensorRef

_NAMES = ("int", "uint", "float")  # by DLDataTypeCode


@dataclass(frozen=True)
class ModelInfo:
    """One model of a firmware: its tensors in the order of its entry function.

    `graph` and `params` are for a firmware that has the operators of the graph and no executor.
    """

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    graph: Graph | None = None
    params: tuple[Param, ...] = ()


@dataclass(frozen=True)
class RemoteHandle:
    """A function, module or address on the device, as long as its session lives."""

    handle: Handle
    generation: int


@dataclass(frozen=True)
class RemoteTensor:
    """A tensor in the device's memory, as long as its session lives."""

    ref: TensorRef
    handle: Handle  # what is to be released: an NDARRAY, or the memory itself
    generation: int

    @property
    def size_bytes(self) -> int:
        return self.ref.size_bytes

    @property
    def dtype(self) -> str:
        return dtype_name(self.ref.dtype)


def dtype_name(dtype: DataType) -> str:
    """TVM's spelling: int8, float32, bool, int8x4."""
    if dtype.code == 1 and dtype.bits == 1:
        name = "bool"
    elif dtype.code < len(_NAMES):
        name = f"{_NAMES[dtype.code]}{dtype.bits}"
    else:
        name = f"custom{dtype.code}_{dtype.bits}"
    return name if dtype.lanes == 1 else f"{name}x{dtype.lanes}"


def parse_dtype(name: str) -> DataType:
    """The inverse of `dtype_name`. Raises UsageError for what is no number's type."""
    if name == "bool":
        return DataType(1, 1)
    match = re.fullmatch(r"(int|uint|float)([1-9]\d?)", name)
    if match is None:
        raise UsageError(f'"{name}" is no type of numbers.', hint="for example int8 or float32")
    return DataType(_NAMES.index(match[1]), int(match[2]))
