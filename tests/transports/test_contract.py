"""What every transport promises (transports/base.py), with real peers."""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from microtvm_boards.errors import (
    TransportClosedError,
    TransportError,
    TransportTimeoutError,
)
from microtvm_boards.transports.base import Transport
from tests.conftest import PATIENCE
from tests.transports.conftest import TransportTo

pytestmark = pytest.mark.slow

SOON = 10.0  # seconds; for what has to come at once, on a busy machine
MEGABYTE = bytes(range(256)) * 4096


def read_all(transport: Transport, n: int) -> bytes:
    data = b""
    while len(data) < n:
        data += transport.read(n - len(data), SOON)
    return data


def open_descriptors() -> set[int]:
    return {int(path.name) for path in Path("/proc/self/fd").iterdir()}


def in_thread(work: Callable[[], object]) -> Future[object]:
    """Runs `work` in a thread, and returns when it waits for the other side."""
    executor = ThreadPoolExecutor(1)
    thread = executor.submit(threading.get_ident).result()
    future = executor.submit(work)
    executor.shutdown(wait=False)
    while not future.done():
        frame = sys._current_frames().get(thread)
        while frame is not None:
            if frame.f_code.co_name == "_wait":
                return future
            frame = frame.f_back
    return future


# Reading


def test_bytes_come_back_as_they_were_sent(transport_to: TransportTo) -> None:
    with transport_to("echo") as transport:
        every_byte = bytes(range(256))
        transport.write(every_byte, SOON)
        assert read_all(transport, 256) == every_byte


def test_a_read_returns_what_there_is_and_at_most_n(transport_to: TransportTo) -> None:
    with transport_to("drip") as transport:
        first = transport.read(3, SOON)
        assert 1 <= len(first) <= 3
        assert (first + read_all(transport, 8 - len(first))) == b"01234567"


def test_a_read_of_less_than_there_is_leaves_the_rest(transport_to: TransportTo) -> None:
    with transport_to("echo") as transport:
        transport.write(b"abc", SOON)
        assert [transport.read(1, SOON) for _ in "abc"] == [b"a", b"b", b"c"]


def test_without_a_deadline_a_read_waits_for_exactly_n(transport_to: TransportTo) -> None:
    with transport_to("drip") as transport:
        assert transport.read(8, None) == b"01234567"


@pytest.mark.parametrize("timeout", [None, 0, 0.01])
def test_a_read_of_nothing_is_done_at_once(
    transport_to: TransportTo, timeout: float | None
) -> None:
    with transport_to("silent") as transport:
        assert transport.read(0, timeout) == b""


@pytest.mark.parametrize("timeout", [0, 0.05])
def test_a_read_keeps_its_deadline_and_the_next_one_works(
    transport_to: TransportTo, timeout: float
) -> None:
    with transport_to("echo") as transport:
        start = time.monotonic()
        with pytest.raises(TransportTimeoutError, match=f"nothing within {timeout} s"):
            transport.read(1, timeout)
        assert timeout <= time.monotonic() - start < PATIENCE
        transport.write(b"x", SOON)
        assert transport.read(10, SOON) == b"x"


def test_with_deadline_0_what_is_there_is_read(transport_to: TransportTo) -> None:
    with transport_to("echo") as transport:
        transport.write(b"ab", SOON)
        assert transport.read(1, SOON) == b"a"
        assert transport.read(1, 0) == b"b"


# Writing


def test_writing_nothing_is_done_at_once(transport_to: TransportTo) -> None:
    with transport_to("silent") as transport:
        transport.write(b"", 0)


@pytest.mark.parametrize("timeout", [None, SOON])
def test_a_write_may_be_larger_than_any_buffer(
    transport_to: TransportTo, timeout: float | None
) -> None:
    with transport_to("echo") as transport:
        written = in_thread(lambda: transport.write(MEGABYTE, timeout))
        assert transport.read(len(MEGABYTE), None) == MEGABYTE
        written.result(SOON)


@pytest.mark.parametrize("timeout", [0, 0.05])
def test_a_write_that_nobody_takes_keeps_its_deadline(
    transport_to: TransportTo, timeout: float
) -> None:
    with transport_to("silent") as transport:
        start = time.monotonic()
        with pytest.raises(TransportTimeoutError, match=f"of 1048576 bytes within {timeout} s"):
            transport.write(MEGABYTE, timeout)
        assert timeout <= time.monotonic() - start < PATIENCE


# The other side goes


def test_what_was_sent_before_the_end_is_read_before_the_end_is_told(
    transport_to: TransportTo,
) -> None:
    with transport_to("last words") as transport:
        assert read_all(transport, 4) == b"last"
        for _ in range(2):
            with pytest.raises(TransportClosedError) as caught:
                transport.read(1, SOON)
            assert transport_to.end("ended with exit status 3") in caught.value.cause


def test_of_a_child_that_ended_the_last_words_are_told(child_transport_to: TransportTo) -> None:
    with child_transport_to("last words") as transport:
        assert read_all(transport, 4) == b"last"
        with pytest.raises(TransportClosedError) as caught:
            transport.read(1, SOON)
        assert caught.value.details[-2:] == ("something is wrong", "very wrong")


def test_an_exact_read_that_can_not_be_filled_loses_nothing(transport_to: TransportTo) -> None:
    with transport_to("last words") as transport:
        with pytest.raises(TransportClosedError):
            transport.read(5, None)
        assert transport.read(5, 0) == b"last"


def test_a_signal_that_ended_the_other_side_is_named(transport_to: TransportTo) -> None:
    end = transport_to.end("ended by signal SIGSEGV")
    told = pytest.raises(TransportClosedError, match=end)
    with transport_to("crash") as transport, told:
        transport.read(1, None)


def test_writing_to_what_is_gone_says_how_it_ended(transport_to: TransportTo) -> None:
    with transport_to("last words") as transport:
        assert transport.read(4, None) == b"last"
        end = transport_to.end("ended with exit status 3")
        with pytest.raises(TransportClosedError, match=end):
            transport.write(MEGABYTE, SOON)


def test_a_peer_that_hangs_up_but_runs_on_is_told_apart(transport_to: TransportTo) -> None:
    told = pytest.raises(TransportClosedError, match=transport_to.end("is still running"))
    with transport_to("hang up") as transport, told:
        transport.read(1, SOON)


def test_a_flood_on_stderr_neither_blocks_the_peer_nor_fills_the_message(
    child_transport_to: TransportTo,
) -> None:
    with child_transport_to("chatter") as transport:
        assert transport.read(2, None) == b"ok"
        with pytest.raises(TransportClosedError) as caught:
            transport.read(1, SOON)
        assert caught.value.details[-1] == "the end"
        assert len(str(caught.value)) < 10_000


# Opening and closing


def test_before_open_and_after_close_nothing_can_be_done(transport_to: TransportTo) -> None:
    transport = transport_to("echo")

    def refuses() -> None:
        for use in (lambda: transport.read(1, 0), lambda: transport.write(b"x", 0)):
            with pytest.raises(TransportClosedError, match="is not open"):
                use()

    refuses()
    with transport:
        transport.write(b"x", SOON)
    refuses()


def test_closing_is_harmless_before_open_and_twice(transport_to: TransportTo) -> None:
    transport = transport_to("echo")
    transport.close()
    transport.open()
    transport.close()
    transport.close()


def test_opening_twice_is_refused_and_leaves_the_first_working(transport_to: TransportTo) -> None:
    with transport_to("echo") as transport:
        with pytest.raises(TransportError, match="open already"):
            transport.open()
        transport.write(b"x", SOON)
        assert transport.read(1, SOON) == b"x"


def test_it_opens_thirty_times_and_leaves_no_descriptor_and_no_thread(
    transport_to: TransportTo,
) -> None:
    transport = transport_to("echo")
    gc.collect()
    before = open_descriptors(), threading.active_count()
    for i in range(30):
        with transport:
            transport.write(b"%d" % i, SOON)
            assert transport.read(2, SOON)
    assert (open_descriptors(), threading.active_count()) == before


def test_it_opens_again_after_the_other_side_has_gone(transport_to: TransportTo) -> None:
    transport = transport_to("last words")
    for _ in range(3):
        with transport, pytest.raises(TransportClosedError):
            transport.read(5, None)


def test_nothing_of_an_earlier_session_is_read_in_the_next(transport_to: TransportTo) -> None:
    transport = transport_to("echo")
    with transport:
        transport.write(b"old", SOON)
        assert transport.read(1, SOON) == b"o"
    with transport:
        transport.write(b"new", SOON)
        assert read_all(transport, 3) == b"new"


@pytest.mark.parametrize("wait", ["read", "write"])
def test_closing_from_another_thread_ends_what_waits(transport_to: TransportTo, wait: str) -> None:
    transport = transport_to("silent")
    transport.open()
    waiting = in_thread(
        lambda: transport.read(1, None) if wait == "read" else transport.write(MEGABYTE, None)
    )
    assert not waiting.done()
    transport.close()
    with pytest.raises(TransportClosedError, match="was closed"):
        waiting.result(SOON)


def test_it_may_be_opened_in_a_thread_that_ends(transport_to: TransportTo) -> None:
    transport = transport_to("echo")

    def open_and_use() -> None:
        transport.open()
        transport.write(b"x", SOON)
        assert transport.read(1, SOON) == b"x"

    thread = threading.Thread(target=open_and_use)
    thread.start()
    thread.join()
    while Path(f"/proc/self/task/{thread.native_id}").exists():
        pass  # Python is done with it, the kernel not yet
    transport.write(b"y", SOON)
    assert transport.read(1, SOON) == b"y"


def test_nothing_is_left_in_the_working_directory(
    transport_to: TransportTo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with transport_to("echo") as transport:
        transport.write(b"x", SOON)
        assert transport.read(1, SOON) == b"x"
    assert list(tmp_path.iterdir()) == []
