from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microtvm_boards.transports.stream import ByteStream, StreamEndedError, StreamTimeoutError


@pytest.fixture
def ends() -> Iterator[tuple[ByteStream, socket.socket]]:
    ours, theirs = socket.socketpair()
    stream = ByteStream(fd := ours.detach(), fd)
    yield stream, theirs
    stream.close()
    theirs.close()


STEPS = st.lists(
    st.one_of(
        st.binary(min_size=1, max_size=50).map(lambda data: ("arrives", data)),
        st.integers(0, 60).map(lambda n: ("read some", n)),
        st.integers(0, 60).map(lambda n: ("read exactly", n)),
    )
)


@pytest.mark.slow
@settings(deadline=None)
@given(STEPS)
def test_reads_return_every_byte_once_and_in_order(steps: list[tuple[str, bytes | int]]) -> None:
    ours, theirs = socket.socketpair()
    stream = ByteStream(fd := ours.detach(), fd)
    waiting = b""
    with theirs:
        for what, value in steps:
            if isinstance(value, bytes):
                theirs.sendall(value)
                waiting += value
            elif what == "read exactly" and value <= len(waiting):
                assert stream.read(value, None) == waiting[:value]
                waiting = waiting[value:]
            elif not waiting and value:
                with pytest.raises(StreamTimeoutError):
                    stream.read(value, 0)
            else:
                data = stream.read(value, 0)
                assert waiting.startswith(data)
                assert min(value, 1) <= len(data) <= value
                waiting = waiting[len(data) :]
    if waiting:
        assert stream.read(len(waiting), None) == waiting
    with pytest.raises(StreamEndedError):
        stream.read(1, None)
    stream.close()


def test_a_negative_length_is_a_mistake_of_the_caller(
    ends: tuple[ByteStream, socket.socket],
) -> None:
    with pytest.raises(ValueError, match="-1"):
        ends[0].read(-1, 0)


def test_a_write_that_runs_out_of_time_says_how_much_went(
    ends: tuple[ByteStream, socket.socket],
) -> None:
    stream, theirs = ends
    with pytest.raises(StreamTimeoutError) as caught:
        stream.write(bytes(1 << 22), 0)
    theirs.setblocking(False)
    arrived = 0
    while True:
        try:
            arrived += len(theirs.recv(1 << 20))
        except BlockingIOError:
            break
    assert 0 < caught.value.count == arrived < 1 << 22


def test_a_peer_that_dies_with_unread_data_is_an_end_and_no_error(
    ends: tuple[ByteStream, socket.socket],
) -> None:
    stream, theirs = ends
    stream.write(b"never read", 0)
    theirs.send(b"bye")
    theirs.close()
    assert stream.read(3, None) == b"bye"
    with pytest.raises(StreamEndedError):
        stream.read(1, None)


def test_deadlines_beyond_what_poll_can_count_are_kept(
    ends: tuple[ByteStream, socket.socket],
) -> None:
    stream, theirs = ends
    theirs.send(b"x")
    assert stream.read(1, 1e12) == b"x"
    assert stream.read(0, float("inf")) == b""


def test_after_close_its_descriptors_are_closed_and_nothing_works(
    ends: tuple[ByteStream, socket.socket],
) -> None:
    before = {path.name for path in Path("/proc/self/fd").iterdir()}
    ours, theirs = socket.socketpair()
    stream = ByteStream(fd := ours.detach(), fd)
    stream.close()
    stream.close()
    theirs.close()
    assert {path.name for path in Path("/proc/self/fd").iterdir()} == before
    with pytest.raises(StreamEndedError):
        stream.read(1, None)
    with pytest.raises(StreamEndedError):
        stream.write(b"x", None)
