"""Packets of classic TVM's RPC (to 0.18): `nbytes u64 | code i32 | ...`, little-endian.

Arguments are a packed sequence: `num_args i32 | type codes i32[n] | values`. Source: TVM v0.16,
src/runtime/rpc/rpc_reference.h and src/runtime/minrpc/minrpc_server.h.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from microtvm_boards.rpc.seen import RemoteError, Seen, SessionError

MOST_DIMENSIONS = 32
CPU = 1  # device type kDLCPU


class Code(IntEnum):
    """What a packet is."""

    SHUTDOWN = 1
    INIT_SERVER = 2
    CALL_FUNC = 3
    RETURN = 4
    EXCEPTION = 5
    COPY_FROM_REMOTE = 6
    COPY_TO_REMOTE = 7
    COPY_ACK = 8
    GET_GLOBAL_FUNC = 9
    FREE_HANDLE = 10
    DEV_SET_DEVICE = 11
    DEV_GET_ATTR = 12
    DEV_ALLOC_DATA = 13
    DEV_FREE_DATA = 14
    DEV_STREAM_SYNC = 15
    COPY_AMONG_REMOTE = 16
    DEV_ALLOC_DATA_WITH_SCOPE = 17


class TypeCode(IntEnum):
    """What a value is."""

    INT = 0
    UINT = 1
    FLOAT = 2
    HANDLE = 3
    NULL = 4
    DTYPE = 5
    DEVICE = 6
    TENSOR = 7
    OBJECT = 8
    MODULE = 9
    FUNCTION = 10
    STR = 11
    BYTES = 12
    NDARRAY = 13


@dataclass(frozen=True)
class Handle:
    """An address on the device. `kind`: HANDLE, OBJECT, MODULE, FUNCTION or NDARRAY."""

    value: int
    kind: TypeCode = TypeCode.HANDLE


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


Value: TypeAlias = int | float | str | bytes | Handle | DataType | DeviceRef | TensorRef | None

_HANDLES = (
    TypeCode.HANDLE,
    TypeCode.OBJECT,
    TypeCode.MODULE,
    TypeCode.FUNCTION,
    TypeCode.NDARRAY,
)
_TENSOR_HEAD = struct.Struct("<QiiiBBH")  # data, device type and id, ndim, code, bits, lanes
_PACKET_HEAD = struct.Struct("<Qi")
_COPY_HEADER = 44  # bytes of a copy packet behind nbytes, without shape and data


def encode_values(values: Sequence[Value]) -> bytes:
    """The packed sequence. Raises OverflowError for an int that has no 64 bits."""
    codes, parts = [], []
    for value in values:
        code, part = _encode(value)
        codes.append(code)
        parts.append(part)
    return struct.pack(f"<i{len(codes)}i", len(codes), *codes) + b"".join(parts)


def decode_values(data: bytes) -> tuple[Value, ...]:
    """The values of the packed sequence that `data` is. Raises SessionError when it isn't one."""
    reader = _Reader(data)
    (count,) = reader.unpack("<i")
    if not 0 <= count <= reader.left // 4:
        raise _malformed(f"it announces {count} arguments in {len(data)} bytes")
    codes = reader.unpack(f"<{count}i")
    values = tuple(_decode(code, reader) for code in codes)
    reader.end()
    return values


def packet(code: Code, body: bytes) -> bytes:
    return _PACKET_HEAD.pack(4 + len(body), code) + body


def system_call(code: Code, *values: Value) -> bytes:
    """A packet for every code whose arguments are a packed sequence and nothing else."""
    return packet(code, encode_values(values))


def function_call(function: int, values: Sequence[Value]) -> bytes:
    """`function`: the address in a FUNCTION handle."""
    return packet(Code.CALL_FUNC, struct.pack("<Q", function) + encode_values(values))


def copy_to_remote(tensor: TensorRef, data: bytes) -> bytes:
    """Writes `data` to the tensor's memory, from its byte_offset on."""
    head = encode_tensor(tensor) + struct.pack("<Q", len(data))
    return packet(Code.COPY_TO_REMOTE, head + data)


def copy_from_remote(tensor: TensorRef, size: int) -> bytes:
    """Asks for `size` bytes of the tensor's memory, from its byte_offset on."""
    return packet(Code.COPY_FROM_REMOTE, encode_tensor(tensor) + struct.pack("<Q", size))


def copy_block_bytes(largest_packet: int, dimensions: int) -> int:
    """The most data bytes of one copy packet. `largest_packet`: as GetCRTMaxPacketSize says it."""
    return largest_packet - _COPY_HEADER - 8 * dimensions


def packet_code(data: bytes) -> int:
    """What a packet is: a Code, or a number that isn't known."""
    return int(_PACKET_HEAD.unpack_from(data)[1])


def parse_answer(data: bytes) -> tuple[Code, bytes]:
    """(RETURN or COPY_ACK, what follows the code).

    Raises RemoteError with the device's own text for an exception, SessionError for what is no
    answer.
    """
    reader = _Reader(data)
    size, code = reader.unpack("<Qi")
    if size != len(data) - 8:
        raise _malformed(f"it announces {size} bytes and has {len(data) - 8}")
    body = data[_PACKET_HEAD.size :]
    if code == Code.EXCEPTION:
        text = exception_text(data)
        raise RemoteError(f"The device refused: {text or 'it gives no reason'}")
    if code not in (Code.RETURN, Code.COPY_ACK):
        raise _malformed(f"code {code} is none of an answer")
    return Code(code), body


def exception_text(data: bytes) -> str:
    """What an EXCEPTION packet says. Raises SessionError when it says nothing that is a text."""
    words = decode_values(data[_PACKET_HEAD.size :])
    text = words[0] if len(words) == 1 else None
    if not isinstance(text, str):
        raise _malformed(f"an exception with the arguments {words}")
    return text


def parse_return(data: bytes) -> tuple[Value, ...]:
    """The values of a RETURN packet. Raises as `parse_answer`."""
    code, body = parse_answer(data)
    if code is not Code.RETURN:
        raise _malformed("data came where a value was due")
    return decode_values(body)


def parse_copied(data: bytes) -> bytes:
    """The bytes of a COPY_ACK packet. Raises as `parse_answer`."""
    code, body = parse_answer(data)
    if code is not Code.COPY_ACK:
        raise _malformed("a value came where data was due")
    return body


def parse_function_result(data: bytes) -> Value | tuple[TensorRef, Handle]:
    """What a function returned; an NDArray as its tensor and its handle. Raises as
    `parse_answer`.
    """
    values = parse_return(data)
    code = values[0] if values else None
    if code == TypeCode.NDARRAY and len(values) == 3:
        tensor, handle = values[1:]
        if isinstance(tensor, TensorRef) and isinstance(handle, Handle):
            return tensor, Handle(handle.value, TypeCode.NDARRAY)
    elif isinstance(code, int) and len(values) == 2:
        value = values[1]
        if isinstance(value, Handle) and code in (TypeCode.MODULE, TypeCode.FUNCTION):
            return Handle(value.value, TypeCode(code))
        return value
    raise _malformed(f"a function's result can't be {values}")


def encode_tensor(tensor: TensorRef) -> bytes:
    d = tensor.dtype
    head = _TENSOR_HEAD.pack(
        tensor.data,
        tensor.device.type,
        tensor.device.id,
        len(tensor.shape),
        d.code,
        d.bits,
        d.lanes,
    )
    return head + struct.pack(f"<{len(tensor.shape)}qQ", *tensor.shape, tensor.byte_offset)


def _encode(value: Value) -> tuple[TypeCode, bytes]:
    if value is None:
        return TypeCode.NULL, b""
    if isinstance(value, int):
        return TypeCode.INT, value.to_bytes(8, "little", signed=True)
    if isinstance(value, float):
        return TypeCode.FLOAT, struct.pack("<d", value)
    if isinstance(value, str):
        text = value.encode()
        return TypeCode.STR, struct.pack("<Q", len(text)) + text
    if isinstance(value, bytes):
        return TypeCode.BYTES, struct.pack("<Q", len(value)) + value
    if isinstance(value, Handle):
        return value.kind, struct.pack("<Q", value.value)
    if isinstance(value, DataType):
        return TypeCode.DTYPE, struct.pack("<BBHi", value.code, value.bits, value.lanes, 0)
    if isinstance(value, DeviceRef):
        return TypeCode.DEVICE, struct.pack("<ii", value.type, value.id)
    return TypeCode.TENSOR, encode_tensor(value)


def _decode(code: int, reader: _Reader) -> Value:
    if code == TypeCode.NULL:
        return None
    if code == TypeCode.INT:
        return int(reader.unpack("<q")[0])
    if code == TypeCode.UINT:
        return int(reader.unpack("<Q")[0])
    if code == TypeCode.FLOAT:
        return float(reader.unpack("<d")[0])
    if code in _HANDLES:
        return Handle(reader.unpack("<Q")[0], TypeCode(code))
    if code == TypeCode.DTYPE:
        return DataType(*reader.unpack("<BBHi")[:3])
    if code == TypeCode.DEVICE:
        return DeviceRef(*reader.unpack("<ii"))
    if code == TypeCode.TENSOR:
        return _decode_tensor(reader)
    if code in (TypeCode.STR, TypeCode.BYTES):
        data = reader.take(reader.unpack("<Q")[0])
        return data if code == TypeCode.BYTES else data.decode("utf-8", "backslashreplace")
    raise _malformed(f"type code {code} is not known")


def _decode_tensor(reader: _Reader) -> TensorRef:
    data, device, number, ndim, code, bits, lanes = reader.unpack(_TENSOR_HEAD.format)
    if not 0 <= ndim <= MOST_DIMENSIONS:
        raise _malformed(f"a tensor of {ndim} dimensions")
    shape = reader.unpack(f"<{ndim}q")
    if any(size < 0 for size in shape):
        raise _malformed(f"a tensor of shape {shape}")
    (offset,) = reader.unpack("<Q")
    return TensorRef(data, DataType(code, bits, lanes), shape, DeviceRef(device, number), offset)


class _Reader:
    """Takes bytes from the front, never more than there are."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise _malformed(f"{count} bytes are due and {self.left} are left")
        start = self._at
        self._at += count
        return self._data[start : self._at]

    def unpack(self, layout: str) -> tuple[int, ...]:
        fields: tuple[int, ...] = struct.unpack(layout, self.take(struct.calcsize(layout)))
        return fields

    def end(self) -> None:
        if self.left:
            raise _malformed(f"{self.left} bytes are left over")


def _malformed(what: str) -> SessionError:
    return SessionError(
        f"The device's answer makes no sense: {what}.",
        Seen.WRONG_PROTOCOL,
        hint="check that the firmware on the board is this project's, then report it",
    )
