"""The codec of classic TVM (0.8 to 0.18). Also spoken by its own session; see room relay."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from microtvm_boards.rpc.codecs.classic.arguments import (
    TypeCode,
    encode_tensor,
    encode_values,
    handle_code,
)
from microtvm_boards.rpc.codecs.classic.packets import (
    Code,
    make_packet,
    parse_copied,
    parse_return,
    system_call,
)
from microtvm_boards.rpc.codecs.codec import Functions
from microtvm_boards.rpc.codecs.reader import malformed
from microtvm_boards.rpc.seen import Seen, SessionError
from microtvm_boards.rpc.values import DeviceRef, Handle, HandleKind, Result, TensorRef, Value

__all__ = [
    "FUNCTIONS",
    "allocate",
    "call_function",
    "copy_block_bytes",
    "copy_from_remote",
    "copy_to_remote",
    "free_handle",
    "free_memory",
    "get_function",
    "parse_copied",
    "parse_function_result",
    "parse_value",
    "synchronize",
]

FUNCTIONS = Functions(
    system_library="runtime.SystemLib",
    module_function="tvm.rpc.server.ModuleGetFunction",
    largest_packet="tvm.rpc.server.GetCRTMaxPacketSize",
    executor="tvm.aot_executor.create",
    time_evaluator="runtime.RPCTimeEvaluator",
)
_COPY_HEADER = 44  # bytes of a copy packet behind nbytes, without shape and data
_RESULT_KINDS = {
    TypeCode.MODULE: HandleKind.MODULE,
    TypeCode.FUNCTION: HandleKind.FUNCTION,
}


def call_function(function: int, values: Sequence[Value]) -> bytes:
    return make_packet(Code.CALL_FUNC, struct.pack("<Q", function) + encode_values(values))


def get_function(name: str) -> bytes:
    return system_call(Code.GET_GLOBAL_FUNC, name)


def free_handle(handle: Handle) -> bytes:
    return system_call(Code.FREE_HANDLE, Handle(handle.value), int(handle_code(handle.kind)))


def allocate(tensor: TensorRef, alignment: int) -> bytes:
    return system_call(
        Code.DEV_ALLOC_DATA, tensor.device, tensor.size_bytes, alignment, tensor.dtype
    )


def free_memory(address: Handle) -> bytes:
    return system_call(Code.DEV_FREE_DATA, DeviceRef(), address)


def synchronize() -> bytes:
    return system_call(Code.DEV_STREAM_SYNC, DeviceRef(), Handle(0))


def copy_to_remote(tensor: TensorRef, data: bytes) -> bytes:
    head = encode_tensor(tensor) + struct.pack("<Q", len(data))
    return make_packet(Code.COPY_TO_REMOTE, head + data)


def copy_from_remote(tensor: TensorRef, size: int) -> bytes:
    return make_packet(Code.COPY_FROM_REMOTE, encode_tensor(tensor) + struct.pack("<Q", size))


def copy_block_bytes(largest_packet: int, dimensions: int) -> int:
    return largest_packet - _COPY_HEADER - 8 * dimensions


def parse_value(answer: bytes) -> Value:
    values = parse_return(answer)
    if len(values) != 1:
        raise SessionError(
            f"The device answered with {len(values)} values where one was due.",
            Seen.WRONG_PROTOCOL,
        )
    return values[0]


def parse_function_result(answer: bytes) -> Result:
    """Source: TVM v0.16, src/runtime/rpc/rpc_endpoint.cc: the type code comes before the value."""
    values = parse_return(answer)
    code = values[0] if values else None
    if code == TypeCode.NDARRAY and len(values) == 3:
        tensor, handle = values[1:]
        if isinstance(tensor, TensorRef) and isinstance(handle, Handle):
            return tensor, Handle(handle.value, HandleKind.NDARRAY)
    elif isinstance(code, int) and len(values) == 2:
        value = values[1]
        if isinstance(value, Handle) and code in _RESULT_KINDS:
            return Handle(value.value, _RESULT_KINDS[TypeCode(code)])
        return value
    raise malformed(f"a function's result can't be {values}")
