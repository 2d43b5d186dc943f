"""Frames: whole ones are found in whatever surrounds them; damaged ones are counted, not given."""

from __future__ import annotations

import time
from binascii import crc_hqx

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from microtvm_boards.rpc.frames import RESYNC, START, Decoder, encode
from tests.conftest import PATIENCE
from tests.rpc.wire_device import frame as reference_frame

LIMIT = 64
# Bytes that mean something, far more often than chance has them.
special = st.sampled_from([b"\xff", b"\xfd", b"\xfe", b"\xff\xfd", b"\xff\xff", b"\x00", b"\x03"])
noise = st.lists(special | st.binary(max_size=4)).map(b"".join)
payloads = noise.map(lambda data: data[:LIMIT])


def feed(decoder: Decoder, data: bytes, cuts: list[int]) -> list[bytes]:
    """`data` in pieces that end at `cuts`."""
    found: list[bytes] = []
    ends = [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in zip([0, *ends], ends, strict=False):
        found += decoder.feed(data[start:end])
    return found


cuts = st.lists(st.integers(0, 1000), max_size=8)


def test_a_frame_as_the_facts_describe_it() -> None:
    raw = b"\xff\xfd\x03\x00\x00\x00\x01\xff\xff\x02"
    assert encode(b"\x01\xff\x02") == raw + crc_hqx(raw, 0xFFFF).to_bytes(2, "little")


@given(payloads)
@pytest.mark.slow
def test_frames_are_those_of_an_implementation_that_looks_at_every_byte(payload: bytes) -> None:
    assert encode(payload) == reference_frame(payload)


@pytest.mark.slow
@given(st.lists(payloads), cuts)
def test_what_is_encoded_is_decoded_however_it_is_cut(sent: list[bytes], cuts: list[int]) -> None:
    decoder = Decoder(LIMIT)
    assert feed(decoder, b"".join(map(encode, sent)), cuts) == sent
    assert not decoder.in_frame and decoder.state.garbage == decoder.damaged == 0


@pytest.mark.slow
@given(noise, payloads, cuts)
@example(b"\xff\xfd\x10\x00\x00\x00\xff", b"after half an escape", [])
@example(b"\xff\xfd\x01\x00\x00\x00\x01\x00", b"after a frame that lacks one byte", [])
@example(b"\xff\xff", b"", [])
def test_a_frame_behind_a_resync_byte_is_found_whatever_was_before(
    before: bytes, payload: bytes, cuts: list[int]
) -> None:
    assert feed(Decoder(LIMIT), before + RESYNC + encode(payload), cuts)[-1:] == [payload]


@pytest.mark.slow
@given(noise, payloads, payloads)
def test_without_it_the_second_frame_is_found_at_the_latest(
    before: bytes, first: bytes, second: bytes
) -> None:
    assert Decoder(LIMIT).feed(before + encode(first) + encode(second))[-1] == second


@given(st.binary(max_size=300) | noise, cuts)
def test_the_same_bytes_give_the_same_however_they_are_cut(data: bytes, cuts: list[int]) -> None:
    whole, pieces = Decoder(LIMIT), Decoder(LIMIT)
    assert whole.feed(data) == feed(pieces, data, cuts)
    for name in ("received", "bad_crc", "bad_escape", "oversized", "cut_short"):
        assert getattr(whole.state, name) == getattr(pieces.state, name)


@given(payloads, st.data())
@pytest.mark.slow
def test_a_changed_byte_never_gives_another_payload(payload: bytes, data: st.DataObject) -> None:
    sent = bytearray(encode(payload))
    sent[data.draw(st.integers(0, len(sent) - 1))] ^= data.draw(st.integers(1, 255))
    assert Decoder(LIMIT).feed(bytes(sent)) in ([], [payload])


@given(payloads, st.data())
def test_nothing_may_stand_between_any_two_bytes(payload: bytes, data: st.DataObject) -> None:
    """FF FE is no data, but the checksum covers it."""
    body = len(payload).to_bytes(4, "little") + payload
    at = data.draw(st.integers(0, len(body) - 1))
    left, right = (part.replace(b"\xff", b"\xff\xff") for part in (body[:at], body[at:]))
    raw = START + left + b"\xff\xfe" + right
    crc = crc_hqx(raw, 0xFFFF).to_bytes(2, "little").replace(b"\xff", b"\xff\xff")
    assert Decoder(LIMIT).feed(raw + crc) == [payload]


def test_each_kind_of_damage_is_counted() -> None:
    decoder = Decoder(LIMIT)
    good = encode(b"good")
    assert decoder.feed(b"noise" + good[:-1] + bytes([good[-1] ^ 1])) == []
    assert decoder.feed(b"\xff\xfd\xff\x01") == []
    assert decoder.feed(b"\xff\xfd\xff\xff\xff\xff\xff\xff\xff\xff") == []
    assert decoder.feed(good[:7] + good) == [b"good"]
    state = decoder.state
    counts = (state.bad_crc, state.bad_escape, state.oversized, state.cut_short, state.garbage)
    assert counts == (1, 1, 1, 1, 5)
    assert state.damaged == decoder.damaged == 3
    assert state.sample == b"noise"


def test_what_comes_between_frames_can_be_listened_to() -> None:
    heard = bytearray()
    decoder = Decoder(outside=heard.extend)
    decoder.feed(b"one " + encode(b"frame") + b"two" + RESYNC)
    assert heard == b"one two"


def test_a_lone_resync_byte_is_no_garbage() -> None:
    decoder = Decoder()
    assert decoder.feed(RESYNC + encode(b"x")) == [b"x"]
    assert decoder.state.garbage == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "flood",
    [
        pytest.param(b"\xff", id="escapes"),
        pytest.param(b"\xff\xfd", id="starts"),
        pytest.param(b"\xff\xfe", id="nothings"),
        pytest.param(b"Hello, world. ", id="text"),
        pytest.param(b"\xff\xfd\x40\x00\x00\x00\xff", id="starts hidden in escapes"),
    ],
)
def test_a_flood_costs_no_memory_and_no_more_than_its_bytes(flood: bytes) -> None:
    decoder = Decoder(1 << 20)
    decoder.feed(START + (1 << 20).to_bytes(4, "little"))
    began = time.process_time()
    data = flood * (400_000 // len(flood))
    for at in range(0, len(data), 4096):
        decoder.feed(data[at : at + 4096])
    assert time.process_time() - began < PATIENCE
    assert len(decoder._got) <= 1 << 20 and len(decoder._rest) < 2
