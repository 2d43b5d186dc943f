"""What goes to a device and comes from it, whatever codec writes it down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from math import prod
from typing import TypeAlias

CPU = 1  # device type kDLCPU


class HandleKind(Enum):
    """What a handle stands for. ADDRESS: memory, or nothing that is known."""

    ADDRESS = auto()
    OBJECT = auto()
    MODULE = auto()
    FUNCTION = auto()
    NDARRAY = auto()


@dataclass(frozen=True)
class Handle:
    """An address on the device."""

    value: int
    kind: HandleKind = HandleKind.ADDRESS


@dataclass(frozen=True)
class DataType:
    """A DLDataType; code 0 int, 1 uint, 2 float."""

    code: int
    bits: int
    lanes: int = 1


@dataclass(frozen=True)
class DeviceRef:
    """A DLDevice."""

    type: int = CPU
    id: int = 0


@dataclass(frozen=True)
class TensorRef:
    """A DLTensor on the device, without strides. `data` is an address there."""

    data: int
    dtype: DataType
    shape: tuple[int, ...]
    device: DeviceRef = DeviceRef()
    byte_offset: int = 0

    @property
    def size_bytes(self) -> int:
        return prod(self.shape) * ((self.dtype.bits * self.dtype.lanes + 7) // 8)


Value: TypeAlias = int | float | str | bytes | Handle | DataType | DeviceRef | TensorRef | None
# An NDArray comes as its tensor and what is to be released.
Result: TypeAlias = Value | tuple[TensorRef, Handle]
