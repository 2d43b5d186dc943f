"""Copies of any length to a device that takes short packets: cut where the device's session ends.

TVM (v0.16, src/runtime/rpc/rpc_endpoint.cc) cuts copies itself, by what the device says of its
packets. It numbers the blocks in the tensor's byte_offset, which it overwrites and doesn't add to.
So behind an RPC server, where TVM cuts twice, each block of the first hop arrives at the beginning
of the tensor. Whoever is told of long packets doesn't cut: here TVM always is.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from microtvm_boards.rpc.codecs import classic
from microtvm_boards.rpc.codecs.classic.arguments import TypeCode
from microtvm_boards.rpc.codecs.classic.packets import (
    Code,
    make_packet,
    packet_code,
    parse_return,
    system_call,
)
from microtvm_boards.rpc.seen import RemoteError
from microtvm_boards.rpc.values import Handle

_ASKS_FOR_SIZE = classic.FUNCTIONS.largest_packet.encode()
_ANY_SIZE = (1 << 31) - 1  # bytes; more than any device has, and any TVM can hold
_BODY_AT = 12
_DIMENSIONS_AT = _BODY_AT + 16  # behind the tensor's address and device
_SHAPE_AT = _DIMENSIONS_AT + 8  # behind that and the dtype


class Blocks:
    """Hands packets to `ask`, which gives the device's reply, and long copies in blocks.

    `ask(packet, expected)`: `expected` bytes of copied data are due in the reply.
    """

    def __init__(self, ask: Callable[[bytes, int], bytes]) -> None:
        self._ask = ask
        self._size_function: int | None = None  # its handle
        self._largest: int | None = None  # packet that the device takes; None: it didn't say

    def call(self, packet: bytes) -> bytes:
        """The reply to one packet of TVM's. Raises what `ask` raises."""
        code = packet_code(packet)
        if code == Code.COPY_TO_REMOTE:
            return self._copy_to(packet)
        if code == Code.COPY_FROM_REMOTE:
            return self._copy_from(packet)
        reply = self._ask(packet, 0)
        if code == Code.GET_GLOBAL_FUNC and packet.endswith(_ASKS_FOR_SIZE):
            self._size_function = _handle(reply)
        elif code == Code.FREE_HANDLE and self._size_function in _words(packet):
            self._size_function = None
        elif code == Code.CALL_FUNC and _words(packet)[:1] == (self._size_function,):
            return self._size(reply)
        return reply

    def _size(self, reply: bytes) -> bytes:
        try:
            largest = classic.parse_function_result(reply)
        except RemoteError:
            return reply
        if not isinstance(largest, int) or largest <= 0:
            return reply
        self._largest = largest
        return system_call(Code.RETURN, int(TypeCode.INT), _ANY_SIZE)

    def _copy_to(self, whole: bytes) -> bytes:
        tensor, start, size = _parse_copy(whole)
        data = memoryview(whole)[len(whole) - size :]
        reply = b""
        for at, count in self._cut(size, tensor):
            head = tensor + struct.pack("<QQ", start + at, count)
            reply = self._ask(make_packet(Code.COPY_TO_REMOTE, head + data[at : at + count]), 0)
            if packet_code(reply) != Code.RETURN:
                break
        return reply

    def _copy_from(self, whole: bytes) -> bytes:
        tensor, start, size = _parse_copy(whole)
        pieces = []
        for at, count in self._cut(size, tensor):
            head = tensor + struct.pack("<QQ", start + at, count)
            reply = self._ask(make_packet(Code.COPY_FROM_REMOTE, head), count)
            if count == size or packet_code(reply) != Code.COPY_ACK:
                return reply
            pieces.append(classic.parse_copied(reply))
        return make_packet(Code.COPY_ACK, b"".join(pieces))

    def _cut(self, size: int, tensor: bytes) -> Iterator[tuple[int, int]]:
        """Where each block begins, and its bytes. One that is empty when there is nothing."""
        block = size
        if self._largest is not None:
            dimensions = (len(tensor) - (_SHAPE_AT - _BODY_AT)) // 8
            # A packet without room for data is the device's to refuse.
            block = max(1, classic.copy_block_bytes(self._largest, dimensions))
        for at in range(0, max(size, 1), max(block, 1)):
            yield at, min(block, size - at)


def _parse_copy(packet: bytes) -> tuple[bytes, int, int]:
    """(tensor without its byte_offset, byte_offset, bytes to copy)."""
    (dimensions,) = struct.unpack_from("<i", packet, _DIMENSIONS_AT)
    end = _SHAPE_AT + 8 * dimensions
    start, size = struct.unpack_from("<QQ", packet, end)
    return packet[_BODY_AT:end], start, size


def _handle(reply: bytes) -> int | None:
    try:
        values = parse_return(reply)
    except RemoteError:
        return None
    found = values[0] if len(values) == 1 else None
    return found.value if isinstance(found, Handle) and found.value else None


def _words(packet: bytes) -> tuple[int, ...]:
    """What may be a handle in a packet that calls or frees one."""
    if packet_code(packet) == Code.CALL_FUNC:
        return struct.unpack_from("<Q", packet, _BODY_AT)
    return struct.unpack_from("<Q", packet, len(packet) - 16)  # handle and its type: int values
