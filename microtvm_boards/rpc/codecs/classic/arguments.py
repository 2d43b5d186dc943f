"""Arguments of classic TVM's RPC: `num_args i32 | type codes i32[n] | values`, little-endian.

Source: TVM v0.16, src/runtime/rpc/rpc_reference.h and src/runtime/minrpc/minrpc_server.h.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum

from microtvm_boards.rpc.codecs.reader import Reader, malformed
from microtvm_boards.rpc.values import (
    DataType,
    DeviceRef,
    Handle,
    HandleKind,
    TensorRef,
    Value,
)

MOST_DIMENSIONS = 32


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


_CODES = {
    HandleKind.ADDRESS: TypeCode.HANDLE,
    HandleKind.OBJECT: TypeCode.OBJECT,
    HandleKind.MODULE: TypeCode.MODULE,
    HandleKind.FUNCTION: TypeCode.FUNCTION,
    HandleKind.NDARRAY: TypeCode.NDARRAY,
}
_KINDS: dict[int, HandleKind] = {code: kind for kind, code in _CODES.items()}
_TENSOR_HEAD = struct.Struct("<QiiiBBH")  # data, device type and id, ndim, code, bits, lanes


def handle_code(kind: HandleKind) -> TypeCode:
    """How handles of that kind are written down."""
    return _CODES[kind]


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
    reader = Reader(data)
    (count,) = reader.unpack("<i")
    if not 0 <= count <= reader.left // 4:
        raise malformed(f"it announces {count} arguments in {len(data)} bytes")
    codes = reader.unpack(f"<{count}i")
    values = tuple(_decode(code, reader) for code in codes)
    reader.end()
    return values


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
        return _CODES[value.kind], struct.pack("<Q", value.value)
    if isinstance(value, DataType):
        return TypeCode.DTYPE, struct.pack("<BBHi", value.code, value.bits, value.lanes, 0)
    if isinstance(value, DeviceRef):
        return TypeCode.DEVICE, struct.pack("<ii", value.type, value.id)
    return TypeCode.TENSOR, encode_tensor(value)


def _decode(code: int, reader: Reader) -> Value:
    if code == TypeCode.NULL:
        return None
    if code == TypeCode.INT:
        return int(reader.unpack("<q")[0])
    if code == TypeCode.UINT:
        return int(reader.unpack("<Q")[0])
    if code == TypeCode.FLOAT:
        return float(reader.unpack("<d")[0])
    if code in _KINDS:
        return Handle(reader.unpack("<Q")[0], _KINDS[code])
    if code == TypeCode.DTYPE:
        return DataType(*reader.unpack("<BBHi")[:3])
    if code == TypeCode.DEVICE:
        return DeviceRef(*reader.unpack("<ii"))
    if code == TypeCode.TENSOR:
        return _decode_tensor(reader)
    if code in (TypeCode.STR, TypeCode.BYTES):
        data = reader.take(reader.unpack("<Q")[0])
        return data if code == TypeCode.BYTES else data.decode("utf-8", "backslashreplace")
    raise malformed(f"type code {code} is not known")


def _decode_tensor(reader: Reader) -> TensorRef:
    data, device, number, ndim, code, bits, lanes = reader.unpack(_TENSOR_HEAD.format)
    if not 0 <= ndim <= MOST_DIMENSIONS:
        raise malformed(f"a tensor of {ndim} dimensions")
    shape = reader.unpack(f"<{ndim}q")
    if any(size < 0 for size in shape):
        raise malformed(f"a tensor of shape {shape}")
    (offset,) = reader.unpack("<Q")
    return TensorRef(data, DataType(code, bits, lanes), shape, DeviceRef(device, number), offset)
