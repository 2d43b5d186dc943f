"""Packets of classic TVM's RPC (to 0.18): `nbytes u64 | code i32 | ...`, little-endian.

Source: TVM v0.16, src/runtime/rpc/rpc_reference.h and src/runtime/minrpc/minrpc_server.h.
"""

from __future__ import annotations

import struct
from enum import IntEnum

from microtvm_boards.rpc.codecs.classic.arguments import decode_values, encode_values
from microtvm_boards.rpc.codecs.reader import Reader, malformed
from microtvm_boards.rpc.seen import RemoteError
from microtvm_boards.rpc.values import Value

_PACKET_HEAD = struct.Struct("<Qi")


class Code(IntEnum):
    """What a packet is; those that this side sends or understands."""

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
    DEV_ALLOC_DATA = 13
    DEV_FREE_DATA = 14
    DEV_STREAM_SYNC = 15


def make_packet(code: Code, body: bytes) -> bytes:
    return _PACKET_HEAD.pack(4 + len(body), code) + body


def system_call(code: Code, *values: Value) -> bytes:
    """A packet for every code whose arguments are a packed sequence and nothing else."""
    return make_packet(code, encode_values(values))


def packet_code(data: bytes) -> int:
    """What a packet is: a Code, or a number that isn't known."""
    return int(_PACKET_HEAD.unpack_from(data)[1])


def parse_answer(data: bytes) -> tuple[Code, bytes]:
    """(RETURN or COPY_ACK, what follows the code).

    Raises RemoteError with the device's own text for an exception, SessionError for what is no
    answer.
    """
    reader = Reader(data)
    size, code = reader.unpack("<Qi")
    if size != len(data) - 8:
        raise malformed(f"it announces {size} bytes and has {len(data) - 8}")
    body = data[_PACKET_HEAD.size :]
    if code == Code.EXCEPTION:
        text = exception_text(data)
        raise RemoteError(f"The device refused: {text or 'it gives no reason'}")
    if code not in (Code.RETURN, Code.COPY_ACK):
        raise malformed(f"code {code} is none of an answer")
    return Code(code), body


def exception_text(data: bytes) -> str:
    """What an EXCEPTION packet says. Raises SessionError when it says nothing that is a text."""
    words = decode_values(data[_PACKET_HEAD.size :])
    text = words[0] if len(words) == 1 else None
    if not isinstance(text, str):
        raise malformed(f"an exception with the arguments {words}")
    return text


def parse_return(data: bytes) -> tuple[Value, ...]:
    """The values of a RETURN packet. Raises as `parse_answer`."""
    code, body = parse_answer(data)
    if code is not Code.RETURN:
        raise malformed("data came where a value was due")
    return decode_values(body)


def parse_copied(data: bytes) -> bytes:
    """The bytes of a COPY_ACK packet. Raises as `parse_answer`."""
    code, body = parse_answer(data)
    if code is not Code.COPY_ACK:
        raise malformed("a value came where data was due")
    return body
