"""The bytes of classic TVM's packets, as the facts of the wire describe them."""

from __future__ import annotations

import struct

import pytest

from microtvm_boards.rpc import SessionError
from microtvm_boards.rpc.codecs import classic
from microtvm_boards.rpc.codecs.classic.arguments import MOST_DIMENSIONS, decode_values
from microtvm_boards.rpc.values import DataType, Handle, HandleKind, TensorRef, Value
from tests.rpc.codecs.devices import CLASSIC

TENSOR = TensorRef(0x2000_0000, DataType(0, 8), (2, 3))
TENSOR_BYTES = struct.pack("<QiiiBBHqqQ", 0x2000_0000, 1, 0, 2, 0, 8, 1, 2, 3, 0)


def packet(code: int, body: bytes) -> bytes:
    return struct.pack("<Qi", 4 + len(body), code) + body


def test_a_call() -> None:
    assert classic.call_function(7, [-1, TENSOR, "ab", None]) == packet(
        3,
        struct.pack("<Q", 7)
        + struct.pack("<i4i", 4, 0, 7, 11, 4)
        + struct.pack("<q", -1)
        + TENSOR_BYTES
        + struct.pack("<Q", 2)
        + b"ab",
    )


def test_what_asks_for_a_function_and_gives_things_back() -> None:
    assert classic.get_function("f") == packet(9, struct.pack("<iiQ", 1, 11, 1) + b"f")
    codes = {"ADDRESS": 3, "OBJECT": 8, "MODULE": 9, "FUNCTION": 10, "NDARRAY": 13}
    for kind in HandleKind:
        assert classic.free_handle(Handle(5, kind)) == packet(
            10, struct.pack("<iiiQq", 2, 3, 0, 5, codes[kind.name])
        )


def test_memory() -> None:
    assert classic.allocate(TENSOR, 16) == packet(
        13, struct.pack("<5i", 4, 6, 0, 0, 5) + struct.pack("<iiqqBBHi", 1, 0, 6, 16, 0, 8, 1, 0)
    )
    assert classic.free_memory(Handle(5)) == packet(14, struct.pack("<iiiiiQ", 2, 6, 3, 1, 0, 5))
    assert classic.synchronize() == packet(15, struct.pack("<iiiiiQ", 2, 6, 3, 1, 0, 0))


def test_copies() -> None:
    body = TENSOR_BYTES + struct.pack("<Q", 6)
    assert classic.copy_to_remote(TENSOR, b"123456") == packet(7, body + b"123456")
    assert classic.copy_from_remote(TENSOR, 6) == packet(6, body)


def test_what_functions_return() -> None:
    def result(*returned: Value) -> object:
        return classic.parse_function_result(CLASSIC.returned(*returned))

    tensor = TensorRef(4, DataType(2, 32), (2,))
    assert result(12, b"data") == b"data"
    assert result(9, Handle(3, HandleKind.MODULE)) == Handle(3, HandleKind.MODULE)
    assert result(10, Handle(3)) == Handle(3, HandleKind.FUNCTION)
    assert result(13, tensor, Handle(9)) == (tensor, Handle(9, HandleKind.NDARRAY))
    for nonsense in [(), (1, 2, 3), (13, 4, Handle(9)), ("x", 1)]:
        with pytest.raises(SessionError, match="can't be"):
            result(*nonsense)


def test_tensors_that_there_are_not_are_refused() -> None:
    def tensor(ndim: int, *shape: int) -> bytes:
        head = struct.pack("<iiQiiiBBH", 1, 7, 0, 1, 0, ndim, 0, 8, 1)
        return head + struct.pack(f"<{len(shape)}qQ", *shape, 0)

    for count in (0, MOST_DIMENSIONS):
        (found,) = decode_values(tensor(count, *[1] * count))
        assert isinstance(found, TensorRef) and found.shape == (1,) * count
    for wrong in (tensor(-1), tensor(MOST_DIMENSIONS + 1, *[1] * (MOST_DIMENSIONS + 1))):
        with pytest.raises(SessionError, match="dimensions"):
            decode_values(wrong)
    with pytest.raises(SessionError, match=r"shape \(2, -1\)"):
        decode_values(tensor(2, 2, -1))


def test_an_unsigned_int_comes_as_one() -> None:
    assert decode_values(struct.pack("<iiQ", 1, 1, 2**64 - 1)) == (2**64 - 1,)
    for unknown in (14, -1):
        with pytest.raises(SessionError, match=f"type code {unknown}"):
            decode_values(struct.pack("<iiQ", 1, unknown, 0))


def test_a_packet_of_another_length_than_it_says_is_refused() -> None:
    with pytest.raises(SessionError, match="it announces 9 bytes and has 4"):
        classic.parse_value(struct.pack("<Qi", 9, 4))
