"""What holds for every codec: what is encoded is decoded; nonsense is an error, and only that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microtvm_boards.errors import ProjectError
from microtvm_boards.rpc import RemoteError, Seen, SessionError
from microtvm_boards.rpc.codecs import CODECS, codec_named
from microtvm_boards.rpc.values import (
    DataType,
    DeviceRef,
    Handle,
    HandleKind,
    TensorRef,
    Value,
)
from tests.rpc.codecs.devices import ALL, CodecUnderTest

pytestmark = pytest.mark.parametrize("one", ALL.values(), ids=ALL)

u64 = st.integers(0, 2**64 - 1)
i32 = st.integers(-(2**31), 2**31 - 1)
dtypes = st.builds(DataType, st.integers(0, 255), st.integers(0, 255), st.integers(0, 65535))
devices = st.builds(DeviceRef, i32, i32)
handles = st.builds(Handle, u64, st.sampled_from(HandleKind))
shapes = st.lists(st.integers(0, 2**63 - 1), max_size=8).map(tuple)
tensors = st.builds(TensorRef, u64, dtypes, shapes, devices, u64)
integers = st.integers(-(2**63), 2**63 - 1)
values = st.one_of(
    *(st.none(), integers, st.floats(allow_nan=False), st.text(), st.binary()),
    *(handles, dtypes, devices, tensors),
)
TENSOR = TensorRef(0x2000_0000, DataType(0, 8), (1, 2, 3))
FRAME_AND_SESSION = 11  # bytes of a frame that GetCRTMaxPacketSize leaves out
SESSION_HEADER = 3


def test_each_codec_is_found_by_its_name(one: CodecUnderTest) -> None:
    assert set(ALL) == set(CODECS)
    assert any(codec_named(name) is one.codec for name in CODECS)
    with pytest.raises(ProjectError, match='the RPC codec "morse"'):
        codec_named("morse")


def test_remote_functions_have_names_of_their_own(one: CodecUnderTest) -> None:
    names = vars(one.codec.FUNCTIONS).values()
    assert all(names) and len(set(names)) == len(names)


@given(sent=st.lists(values))
@pytest.mark.slow
def test_values_come_back(one: CodecUnderTest, sent: list[Value]) -> None:
    assert one.decode(one.encode(sent)) == tuple(sent)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_an_int_without_64_bits_is_refused(one: CodecUnderTest, number: int) -> None:
    with pytest.raises(OverflowError):
        one.codec.call_function(1, [number])


@given(data=st.binary())
def test_any_bytes_are_values_or_an_error(one: CodecUnderTest, data: bytes) -> None:
    try:
        one.decode(data)
    except SessionError as error:
        assert error.seen is Seen.WRONG_PROTOCOL


@given(sent=st.lists(values, min_size=1), data=st.data())
@pytest.mark.slow
def test_values_that_are_cut_are_an_error(
    one: CodecUnderTest, sent: list[Value], data: st.DataObject
) -> None:
    encoded = one.encode(sent)
    with pytest.raises(SessionError):
        one.decode(encoded[: data.draw(st.integers(0, len(encoded) - 1))])


@given(sent=st.lists(values), more=st.binary(min_size=1))
@pytest.mark.slow
def test_values_with_more_behind_them_are_an_error(
    one: CodecUnderTest, sent: list[Value], more: bytes
) -> None:
    with pytest.raises(SessionError):
        one.decode(one.encode(sent) + more)


def parsers(one: CodecUnderTest) -> list[Callable[[bytes], Any]]:
    codec = one.codec
    return [codec.parse_value, codec.parse_copied, codec.parse_function_result]


@given(code=st.integers(0, 30), body=st.binary(), sent=st.lists(values, max_size=4))
def test_any_answer_is_understood_or_an_error(
    one: CodecUnderTest, code: int, body: bytes, sent: list[Value]
) -> None:
    for parse in parsers(one):
        for content in (body, one.encode(sent)):
            try:
                parse(one.answer(code, content))
            except SessionError as error:
                assert error.seen is Seen.WRONG_PROTOCOL
            except RemoteError:
                assert code == 5


@given(data=st.data())
def test_a_damaged_answer_is_understood_or_an_error(
    one: CodecUnderTest, data: st.DataObject
) -> None:
    good = [one.returned(*one.number_result(7)), one.returned(None), one.copied(b"data")]
    answer = bytearray(data.draw(st.sampled_from(good)))
    answer[data.draw(st.integers(0, len(answer) - 1))] ^= data.draw(st.integers(1, 255))
    for parse in parsers(one):
        try:
            parse(bytes(answer))
        except SessionError as error:
            assert error.seen is Seen.WRONG_PROTOCOL
        except RemoteError:
            pass


def test_an_answer_that_is_cut_is_an_error(one: CodecUnderTest) -> None:
    for answer in (one.returned(*one.number_result(7)), one.copied(b"data"), one.refused("no")):
        for size in range(len(answer)):
            for parse in parsers(one):
                with pytest.raises(SessionError):
                    parse(answer[:size])


def test_what_the_device_refuses_is_told_in_its_words(one: CodecUnderTest) -> None:
    for parse in parsers(one):
        with pytest.raises(RemoteError, match="MTVM_RPC_E_HEAP: 8 bytes"):
            parse(one.refused("MTVM_RPC_E_HEAP: 8 bytes"))
        with pytest.raises(RemoteError, match="gives no reason"):
            parse(one.refused(""))
        with pytest.raises(SessionError):
            parse(one.answer(5, one.encode([7])))


def test_one_value_is_due_where_one_is(one: CodecUnderTest) -> None:
    assert one.codec.parse_value(one.returned(None)) is None
    assert one.codec.parse_value(one.returned(Handle(7))) == Handle(7)
    for wrong in ((), (Handle(7), None)):
        with pytest.raises(SessionError, match=f"{len(wrong)} values where one was due") as error:
            one.codec.parse_value(one.returned(*wrong))
        assert error.value.seen is Seen.WRONG_PROTOCOL


def test_data_and_values_are_not_taken_for_each_other(one: CodecUnderTest) -> None:
    assert one.codec.parse_copied(one.copied(b"data")) == b"data"
    with pytest.raises(SessionError, match="value came where data"):
        one.codec.parse_copied(one.returned(None))
    for parse in (one.codec.parse_value, one.codec.parse_function_result):
        with pytest.raises(SessionError, match="data came where a value"):
            parse(one.copied(b"data"))


def test_what_functions_return(one: CodecUnderTest) -> None:
    assert one.codec.parse_function_result(one.returned(*one.no_result)) is None
    assert one.codec.parse_function_result(one.returned(*one.number_result(-5))) == -5


@given(largest=st.integers(200, 1 << 16), dimensions=st.integers(0, 6))
def test_a_copy_fills_the_largest_packet_exactly(
    one: CodecUnderTest, largest: int, dimensions: int
) -> None:
    """GetCRTMaxPacketSize and 11 bytes are the payload of a frame: session header, nbytes."""
    tensor = TensorRef(0x2000_0000, DataType(0, 8), (1,) * dimensions)
    size = one.codec.copy_block_bytes(largest - FRAME_AND_SESSION, dimensions)
    assert SESSION_HEADER + len(one.codec.copy_to_remote(tensor, bytes(size))) == largest


def test_each_request_is_one_packet_that_says_its_length(one: CodecUnderTest) -> None:
    codec = one.codec
    requests = [
        codec.call_function(7, [1, "a", TENSOR]),
        codec.get_function("mtvm.device_info"),
        *(codec.free_handle(Handle(7, kind)) for kind in HandleKind),
        codec.allocate(TENSOR, 16),
        codec.free_memory(Handle(7)),
        codec.synchronize(),
        codec.copy_to_remote(TENSOR, b"123456"),
        codec.copy_from_remote(TENSOR, 6),
    ]
    for request in requests:
        assert int.from_bytes(request[:8], "little") == len(request) - 8
