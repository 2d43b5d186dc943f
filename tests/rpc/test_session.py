"""Sessions: an answer is the right one or an error says what was seen, within the deadline."""

from __future__ import annotations

import contextlib
import logging
import time
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microtvm_boards.errors import DeviceError, TransportClosedError, TransportTimeoutError
from microtvm_boards.rpc import Pace, Seen, Session, SessionError, SessionTimeoutError
from microtvm_boards.rpc.frames import encode
from microtvm_boards.rpc.messages import Kind, Message
from microtvm_boards.rpc.session import LOGGER
from tests.conftest import PATIENCE
from tests.rpc.conftest import QUICK, wire_device
from tests.rpc.line import Line
from tests.rpc.test_frames import noise

AT_ONCE = Pace(grace=0, first_run=0, start=0, retry=0)


def echo(message: Message) -> bytes:
    return message.frame()


def test_a_call_gets_its_answer() -> None:
    session = Session(Line(echo))
    assert session.call(b"hello") == b"hello"
    assert session.established and session.generation == 1


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_messages_come_back_as_they_were_sent(bodies: list[bytes]) -> None:
    session = Session(Line(echo))
    assert [session.call(body) for body in bodies] == bodies


@pytest.mark.slow
@given(noise)
@settings(max_examples=300)
def test_whatever_comes_a_call_gives_an_answer_of_its_session_or_an_error(answer: bytes) -> None:
    line = Line(lambda _: answer)
    session = Session(line, pace=AT_ONCE)
    with contextlib.suppress(DeviceError):
        session.call(b"question")
        pytest.fail("noise was taken for an answer")
    assert not session.established


@pytest.mark.slow
@given(noise, st.binary(max_size=20))
def test_text_before_an_answer_does_no_harm(before: bytes, body: bytes) -> None:
    text = before.replace(b"\xff", b"")
    session = Session(Line(lambda message: text + message.frame()))
    assert session.call(body) == body


@given(st.binary(min_size=3), st.data())
def test_a_damaged_answer_is_an_error_and_the_next_call_starts_anew(
    body: bytes, data: st.DataObject
) -> None:
    damaged = True

    def answer(message: Message) -> bytes:
        frame = bytearray(message.frame())
        if damaged:
            frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))
        return bytes(frame)

    line = Line(answer)
    session = Session(line, pace=AT_ONCE)
    with contextlib.suppress(SessionError):
        assert session.call(body) == body  # only the byte before FF FD may change unseen
    damaged = False
    assert session.call(body) == body


@given(noise)
@pytest.mark.slow
def test_a_session_starts_after_any_noise(before: bytes) -> None:
    line = Line(echo)
    line.put(before)
    session = Session(line, pace=Pace(retry=0.0))
    session.start()
    assert session.call(b"hello") == b"hello"


def test_a_late_answer_is_not_the_next_calls() -> None:
    late: list[bytes] = []

    def answer(message: Message) -> bytes:
        if message.body == b"slow":
            late.append(message.frame())
            return b""
        return late.pop() + message.frame()

    session = Session(Line(answer), pace=AT_ONCE)
    with pytest.raises(SessionTimeoutError):
        session.call(b"slow")
    assert session.call(b"quick") == b"quick"
    assert session.generation == 2


def test_every_session_has_a_number_of_its_own() -> None:
    line = Line(echo)
    session = Session(line)
    for _ in range(255):
        session.start()
    assert len(set(line.sessions)) == 255
    assert all(number & 0xFF and number >> 8 for number in line.sessions)


def test_two_answers_to_one_call_are_an_error_of_the_next() -> None:
    session = Session(Line(lambda message: 2 * message.frame()))
    assert session.call(b"one") == b"one"
    with pytest.raises(SessionError, match="two answers") as error:
        session.call(b"two")
    assert error.value.seen is Seen.WRONG_PROTOCOL


def test_a_reboot_between_two_calls_is_an_error_of_the_second() -> None:
    line = Line(lambda message: message.frame() + Message(0, Kind.TERMINATE).frame())
    session = Session(line)
    session.call(b"one")
    with pytest.raises(SessionError, match="rebooted") as error:
        session.call(b"two")
    assert error.value.seen is Seen.REBOOTED
    assert session.call(b"three") == b"three"


def test_a_reboot_is_told_with_what_the_device_logged_before() -> None:
    logs = b"".join(Message(0, Kind.LOG, b"line %d" % n).frame() for n in range(5))
    line = Line(lambda message: logs + Message(0, Kind.TERMINATE).frame())
    with pytest.raises(SessionError, match="rebooted") as error:
        Session(line).call(b"one")
    assert error.value.details == ("it logged: line 2", "it logged: line 3", "it logged: line 4")
    assert error.value.hint == ""


def test_messages_of_another_session_are_left_out() -> None:
    def answer(message: Message) -> bytes:
        return Message(message.session_id ^ 0x100, Kind.NORMAL, b"old").frame() + message.frame()

    assert Session(Line(answer)).call(b"new") == b"new"


def test_log_messages_go_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def answer(message: Message) -> bytes:
        mine = Message(message.session_id, Kind.LOG, b"of a session\n\0").frame()
        return Message(0, Kind.LOG, b"of none: \xb5\r\n").frame() + mine + message.frame()

    with caplog.at_level(logging.INFO, logger=LOGGER):
        Session(Line(answer)).call(b"")
    assert caplog.messages == ["of none: \\xb5", "of a session"]


def test_log_messages_can_go_elsewhere() -> None:
    heard: list[str] = []
    log = Message(0, Kind.LOG, b"hello").frame()
    Session(Line(lambda message: log + message.frame()), on_log=heard.append).call(b"")
    assert heard == ["hello"]


@pytest.mark.parametrize(
    ("status", "seen"),
    [
        ("MTVM_RPC_E_CRC", Seen.BAD_CRC),
        ("MTVM_RPC_E_FRAME", Seen.BAD_CRC),
        ("MTVM_RPC_E_SESSION", Seen.REBOOTED),
    ],
)
def test_a_device_that_lost_a_request_says_so_and_nobody_waits(status: str, seen: Seen) -> None:
    log = Message(0, Kind.LOG, f"{status}: it is lost".encode()).frame()
    session = Session(Line(lambda _: log), pace=Pace(grace=3600))
    with pytest.raises(SessionError, match="it is lost") as error:
        session.call(b"question")
    assert error.value.seen is seen


def test_a_device_of_another_version_that_says_so_is_understood() -> None:
    line = Line(echo)
    line.put(Message(0, Kind.LOG, b"MTVM_RPC_E_VERSION: the host speaks 1").frame())
    line.write = lambda data, timeout: None  # type: ignore[method-assign]
    with pytest.raises(SessionError, match="the host speaks 1") as error:
        Session(line, pace=QUICK).start()
    assert error.value.seen is Seen.WRONG_PROTOCOL


def test_without_a_session_nothing_is_sent() -> None:
    session = Session(Line(echo))
    with pytest.raises(DeviceError, match="no session"):
        session.send(b"x")
    with pytest.raises(DeviceError, match="no session"):
        session.receive(1.0)
    session.end()
    assert session.line.received == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "seen", "message"),
    [
        ("silent", Seen.SILENT, "the device was silent"),
        ("garbage", Seen.GARBAGE, "garbage: 15 bytes that are no answer"),
        ("a c project", Seen.GARBAGE, "entry point c"),
        ("bad frames", Seen.BAD_CRC, "frames with a bad CRC"),
        ("only logs", Seen.LATE, "none was an answer"),
        ("reboots for ever", Seen.REBOOTED, r"rebooted \d+ times"),
        ("version", Seen.WRONG_PROTOCOL, "speaks version 02"),
        ("closes", Seen.CLOSED, "no memory"),
    ],
)
def test_a_session_that_does_not_start_says_what_was_seen(
    behaviour: str, seen: Seen, message: str
) -> None:
    with wire_device(behaviour) as transport:
        began = time.monotonic()
        with pytest.raises(SessionError, match=message) as error:
            Session(transport, pace=QUICK).start()
        assert time.monotonic() - began < PATIENCE
    assert error.value.seen is seen
    assert seen.value in error.value.cause
    assert error.value.hint or seen is Seen.CLOSED
    timed_out = seen not in (Seen.WRONG_PROTOCOL, Seen.CLOSED)
    assert isinstance(error.value, TransportTimeoutError) is timed_out
    assert isinstance(error.value, TransportClosedError) is (seen is Seen.CLOSED)


@pytest.mark.slow
def test_bytes_that_are_no_answer_are_shown() -> None:
    with wire_device("garbage") as transport, pytest.raises(SessionError) as error:
        Session(transport, pace=QUICK).start()
    assert "00 80 20 62" in str(error.value) and "bootloader" in str(error.value)


@pytest.mark.parametrize("behaviour", ["slow start", "running", "good"])
def test_a_device_that_starts_late_or_runs_already_gets_a_session(behaviour: str) -> None:
    with wire_device(behaviour) as transport:
        for _ in range(3):
            session = Session(transport)
            session.start()
            session.end()


def test_a_device_that_takes_nothing_ends_a_large_message() -> None:
    with wire_device("takes nothing") as transport:
        session = Session(transport, pace=replace(QUICK, baud=10_000_000))
        session._id = 0x101
        with pytest.raises(SessionTimeoutError, match="took no more bytes"):
            session.call(bytes(1 << 17))
    assert not session.established


def test_a_frame_alone_costs_no_more_than_its_bytes() -> None:
    body = bytes(range(256))
    assert Message(0x1234, Kind.NORMAL, body).frame() == encode(b"\x34\x12\x10" + body)


class Deaf(Line):
    """Takes all and answers nothing, as a device that isn't up yet."""

    def __init__(self) -> None:
        super().__init__(lambda message: b"")
        self.asked: list[float] = []

    def read(self, n: int, timeout: float | None) -> bytes:
        time.sleep(timeout or 0.0)
        raise TransportTimeoutError("nothing came")

    def write(self, data: bytes, timeout: float | None) -> None:
        self.asked.append(time.monotonic())


@pytest.mark.slow
def test_a_session_is_asked_for_again_and_again_each_time_later() -> None:
    line = Deaf()
    session = Session(line, pace=Pace(start=2.0, retry=0.05))
    with pytest.raises(SessionTimeoutError):
        session.start()
    waits = [later - one for one, later in pairwise(line.asked)]
    assert len(waits) >= 3
    assert all(wait >= 0.05 * 2**number - 0.01 for number, wait in enumerate(waits))
