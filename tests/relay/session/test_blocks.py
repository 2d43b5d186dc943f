"""Long copies are cut where the device's session ends, from any byte_offset on. Needs no TVM."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest

from microtvm_boards.relay.session.blocks import Blocks
from microtvm_boards.rpc.codecs import classic
from microtvm_boards.rpc.codecs.classic.arguments import TypeCode
from microtvm_boards.rpc.codecs.classic.packets import (
    Code,
    make_packet,
    parse_return,
    system_call,
)
from microtvm_boards.rpc.values import DataType, Handle, TensorRef

SIZE_FUNCTION = 0x1234
LARGEST = 100  # bytes of a packet that the device takes; 48 of them are data


class Memory:
    """A device with some memory, that refuses packets longer than it said."""

    def __init__(self, size: int) -> None:
        self.data = bytearray(range(256)) * (size // 256 + 1)
        self.copies: list[tuple[int, int]] = []  # offset and bytes

    def ask(self, packet: bytes, expected: int) -> bytes:
        (code,) = struct.unpack_from("<i", packet, 8)
        if code == Code.GET_GLOBAL_FUNC:
            known = packet.endswith(b"tvm.rpc.server.GetCRTMaxPacketSize")
            return system_call(Code.RETURN, Handle(SIZE_FUNCTION if known else 0x99))
        if code == Code.CALL_FUNC:
            return system_call(Code.RETURN, int(TypeCode.INT), LARGEST)
        if code not in (Code.COPY_TO_REMOTE, Code.COPY_FROM_REMOTE):
            return system_call(Code.RETURN, None)
        (dimensions,) = struct.unpack_from("<i", packet, 28)
        start, size = struct.unpack_from("<QQ", packet, 36 + 8 * dimensions)
        self.copies.append((start, size))
        if size > classic.copy_block_bytes(LARGEST, dimensions) or start + size > len(self.data):
            return system_call(Code.EXCEPTION, "too long")
        if code == Code.COPY_FROM_REMOTE:
            assert expected == size
            return make_packet(Code.COPY_ACK, bytes(self.data[start : start + size]))
        self.data[start : start + size] = packet[len(packet) - size :]
        return system_call(Code.RETURN, None)


@pytest.fixture
def memory() -> Memory:
    return Memory(512)


@pytest.fixture
def call(memory: Memory) -> Callable[[bytes], bytes]:
    """Of a client that has asked for the largest packet, as TVM does before its first copy."""
    blocks = Blocks(memory.ask)
    found = system_call(Code.GET_GLOBAL_FUNC, "tvm.rpc.server.GetCRTMaxPacketSize")
    (function,) = parse_return(blocks.call(found))
    assert function == Handle(SIZE_FUNCTION)
    said = classic.parse_function_result(blocks.call(classic.call_function(SIZE_FUNCTION, [])))
    assert isinstance(said, int)
    assert said > 1 << 30  # so that TVM doesn't cut
    return blocks.call


def tensor(size: int, offset: int = 0) -> TensorRef:
    return TensorRef(0x2000, DataType(1, 8), (size,), byte_offset=offset)


@pytest.mark.parametrize("size", [1, 47, 48, 49, 96, 400])
@pytest.mark.parametrize("offset", [0, 100])
def test_an_upload_arrives_whole(
    memory: Memory, call: Callable[[bytes], bytes], size: int, offset: int
) -> None:
    data = bytes((7 * i + 3) % 256 for i in range(size))
    before = bytes(memory.data)

    reply = call(classic.copy_to_remote(tensor(size, offset), data))

    assert parse_return(reply) == (None,)
    assert memory.data == before[:offset] + data + before[offset + size :]
    assert len(memory.copies) == -(-size // 48)


@pytest.mark.parametrize("size", [1, 48, 49, 400])
@pytest.mark.parametrize("offset", [0, 100])
def test_a_download_arrives_whole(
    memory: Memory, call: Callable[[bytes], bytes], size: int, offset: int
) -> None:
    reply = call(classic.copy_from_remote(tensor(size, offset), size))
    assert classic.parse_copied(reply) == memory.data[offset : offset + size]


def test_an_empty_copy_is_one_packet(memory: Memory, call: Callable[[bytes], bytes]) -> None:
    call(classic.copy_to_remote(tensor(0), b""))
    assert classic.parse_copied(call(classic.copy_from_remote(tensor(0), 0))) == b""
    assert memory.copies == [(0, 0), (0, 0)]


def test_what_the_device_refuses_ends_the_copy(
    memory: Memory, call: Callable[[bytes], bytes]
) -> None:
    for packet in (
        classic.copy_to_remote(tensor(200, offset=700), bytes(200)),
        classic.copy_from_remote(tensor(200, offset=700), 200),
    ):
        memory.copies.clear()
        assert b"too long" in call(packet)
        assert len(memory.copies) == 2  # memory ends in the second


def test_a_client_that_did_not_ask_cuts_copies_itself(memory: Memory) -> None:
    Blocks(memory.ask).call(classic.copy_to_remote(tensor(48), bytes(48)))
    assert memory.copies == [(0, 48)]


def test_other_functions_answer_as_they_are(memory: Memory, call: Callable[[bytes], bytes]) -> None:
    assert classic.parse_function_result(call(classic.call_function(0x99, []))) == LARGEST
    call(system_call(Code.FREE_HANDLE, Handle(SIZE_FUNCTION), int(TypeCode.FUNCTION)))
    # The address may be another function's now.
    assert classic.parse_function_result(call(classic.call_function(SIZE_FUNCTION, []))) == LARGEST
