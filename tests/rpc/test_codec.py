"""Arguments and packets: what is encoded is decoded; nonsense is an error, and only that."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microtvm_boards.rpc import RemoteError, Seen, SessionError, codec
from microtvm_boards.rpc.codec import (
    Code,
    DataType,
    DeviceRef,
    Handle,
    TensorRef,
    TypeCode,
    Value,
)

u64 = st.integers(0, 2**64 - 1)
i32 = st.integers(-(2**31), 2**31 - 1)
dtypes = st.builds(DataType, st.integers(0, 255), st.integers(0, 255), st.integers(0, 65535))
devices = st.builds(DeviceRef, i32, i32)
values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.builds(Handle, u64, st.sampled_from(codec._HANDLES)),
    dtypes,
    devices,
    st.builds(TensorRef, u64, dtypes, st.lists(st.integers(0, 2**63 - 1)).map(tuple), devices, u64),
)


def answer(code: int, body: bytes) -> bytes:
    return struct.pack("<Qi", 4 + len(body), code) + body


def test_a_call_as_the_facts_describe_it() -> None:
    tensor = TensorRef(0x2000_0000, DataType(0, 8), (2, 3))
    assert codec.function_call(7, [-1, tensor, "ab", None]) == (
        struct.pack("<QiQ", 4 + 8 + 20 + 8 + 48 + 10, 3, 7)
        + struct.pack("<i4i", 4, 0, 7, 11, 4)
        + struct.pack("<q", -1)
        + struct.pack("<QiiiBBHqqQ", 0x2000_0000, 1, 0, 2, 0, 8, 1, 2, 3, 0)
        + struct.pack("<Q", 2)
        + b"ab"
    )


def test_a_copy_fills_the_largest_packet_exactly() -> None:
    """GetCRTMaxPacketSize and 11 bytes are the payload of a frame: session header, nbytes."""
    tensor = TensorRef(0x2000_0000, DataType(0, 8), (1, 2, 3))
    size = codec.copy_block_bytes(2048 - 11, 3)
    assert 3 + len(codec.copy_to_remote(tensor, bytes(size))) == 2048


@given(st.lists(values))
def test_values_come_back(sent: list[Value]) -> None:
    assert codec.decode_values(codec.encode_values(sent)) == tuple(sent)


@given(st.binary())
def test_any_bytes_are_values_or_an_error(data: bytes) -> None:
    try:
        codec.decode_values(data)
    except SessionError as error:
        assert error.seen is Seen.WRONG_PROTOCOL


@given(st.lists(values, min_size=1), st.data())
def test_values_that_are_cut_are_an_error(sent: list[Value], data: st.DataObject) -> None:
    encoded = codec.encode_values(sent)
    with pytest.raises(SessionError):
        codec.decode_values(encoded[: data.draw(st.integers(0, len(encoded) - 1))])


@given(st.integers(0, 30), st.binary() | st.lists(values, max_size=4).map(codec.encode_values))
def test_any_answer_is_understood_or_an_error(code: int, body: bytes) -> None:
    for parse in (codec.parse_return, codec.parse_copied, codec.parse_function_result):
        with contextlib.suppress(SessionError, RemoteError):
            parse(answer(code, body))


def test_an_exception_is_told_in_the_devices_words() -> None:
    with pytest.raises(RemoteError, match="MTVM_RPC_E_HEAP: 8 bytes"):
        codec.parse_return(
            answer(Code.EXCEPTION, codec.encode_values(["MTVM_RPC_E_HEAP: 8 bytes"]))
        )


def test_what_functions_return() -> None:
    def result(*returned: Value) -> object:
        return codec.parse_function_result(answer(Code.RETURN, codec.encode_values(returned)))

    tensor = TensorRef(4, DataType(2, 32), (2,))
    assert result(4, None) is None
    assert result(0, -5) == -5
    assert result(12, b"data") == b"data"
    assert result(9, Handle(3, TypeCode.MODULE)) == Handle(3, TypeCode.MODULE)
    assert result(10, Handle(3)) == Handle(3, TypeCode.FUNCTION)
    assert result(13, tensor, Handle(9)) == (tensor, Handle(9, TypeCode.NDARRAY))
    for nonsense in [(), (1, 2, 3), (13, 4, Handle(9)), ("x", 1)]:
        with pytest.raises(SessionError, match="can't be"):
            result(*nonsense)
