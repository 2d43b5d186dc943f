"""A session with the firmware: handshake, one message there, one back, and log messages."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from microtvm_boards.errors import (
    DeviceError,
    TransportClosedError,
    TransportError,
    TransportTimeoutError,
)
from microtvm_boards.rpc.deadlines import Pace, answer_seconds
from microtvm_boards.rpc.frames import RESYNC, LineState
from microtvm_boards.rpc.messages import VERSION, FrameLostError, Inbox, Kind, Message
from microtvm_boards.rpc.seen import (
    Seen,
    SessionClosedError,
    SessionError,
    SessionTimeoutError,
    no_answer,
)
from microtvm_boards.transports.base import Transport

LOGGER = "microtvm_boards.device"
_SLOWEST_RETRY = 8.0  # seconds
_MOST_ANSWERED_BOOTS = 3  # while a session starts: then only the time asks again
_WHILE_STARTING = frozenset({Seen.WRONG_PROTOCOL})
_WHILE_CALLING = frozenset({Seen.BAD_CRC, Seen.REBOOTED})
_HINTS = {
    Seen.BAD_CRC: "check the cable and the baud rate, and run it again",
    Seen.REBOOTED: "check its power supply and stack_size_bytes",
    Seen.WRONG_PROTOCOL: "create the project again, build it and flash it",
}


@dataclass
class _Wait:
    """What was awaited, since when, and what came instead."""

    what: str
    seconds: float
    before: LineState
    deadline: float
    others: int = 0  # whole messages that weren't the awaited one
    reboots: int = 0


class Session:
    """One conversation over an open transport; whoever opened that closes it. Not thread-safe.

    After a call that failed on the way the session is broken: its answer may still come. The next
    call starts a new session, whose number tells the answers apart, before it sends anything.
    `generation` counts sessions: what an earlier one allocated on the device is gone.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        pace: Pace | None = None,
        on_log: Callable[[str], None] | None = None,
    ) -> None:
        """`on_log` gets log messages; without it the logger "microtvm_boards.device" does."""
        self.pace = pace or Pace()
        self.generation = 0
        self.before_start: Callable[[], None] | None = None
        self._transport = transport
        self._inbox = Inbox(transport, on_log or logging.getLogger(LOGGER).info)
        self._nonce = random.randrange(1, 256)
        self._id: int | None = None  # None: broken, or not started

    def start_as(self, nonce: int) -> None:
        """The next request for a session carries `nonce`, 1 to 255, as a replay's answers do."""
        self._nonce = (nonce - 2) % 255 + 1

    @property
    def established(self) -> bool:
        return self._id is not None

    @property
    def line(self) -> LineState:
        """What has been seen besides answers, since the beginning."""
        return self._inbox.line

    def start(self) -> None:
        """Makes a new session, whatever was before.

        Raises SessionError, or one of its kinds, that says what was seen instead of an answer.
        """
        self._id = None
        if self.before_start is not None:
            self.before_start()
        self._inbox.take_unread()
        wait = self._wait("the start of a session", self.pace.start)
        retry = self.pace.retry
        self._ask(wait)
        retry_at = time.monotonic() + retry
        while self._id is None:
            try:
                message = self._inbox.next(min(retry_at, wait.deadline), heed=_WHILE_STARTING)
            except TransportTimeoutError:
                if time.monotonic() >= wait.deadline:
                    raise self._no_answer(wait) from None
                self._ask(wait)
                retry = min(2 * retry, _SLOWEST_RETRY)
                retry_at = time.monotonic() + retry
            except TransportClosedError as error:
                raise _closed(wait, error) from error
            except FrameLostError as error:
                raise _lost(wait, error) from None
            else:
                self._on_handshake(message, wait)
                if self._id is None and time.monotonic() > wait.deadline:
                    raise self._no_answer(wait)
        self.generation += 1

    def call(
        self, body: bytes, *, expected: int = 64, work: float = 0.0, what: str = "an answer"
    ) -> bytes:
        """Sends one message and gives the body of the answer. Starts a session when there is none.

        expected: bytes that the answer has at most; work: seconds that the device may compute;
        what: the awaited thing, for messages. Raises as `receive`.
        """
        if self._id is None:
            self.start()
        self.send(body)
        seconds = answer_seconds(self.pace, sent=len(body), expected=expected, work=work)
        return self.receive(seconds, what=what)

    def send(self, body: bytes) -> None:
        """One message. Raises SessionError or one of its kinds; then the session is broken."""
        session_id = self._take_id()
        for message in self._inbox.take_unread():
            if message.kind == Kind.TERMINATE:
                raise self._rebooted("nothing was asked of it")
            if message.session_id == session_id:
                raise SessionError("The device sent two answers to one call.", Seen.WRONG_PROTOCOL)
        seconds = answer_seconds(self.pace, sent=len(body), expected=0)
        wait = self._wait("a message to be taken", seconds)
        self._inbox.logged.clear()
        self._write(Message(session_id, Kind.NORMAL, body).frame(), wait)
        self._id = session_id

    def receive(self, seconds: float, *, what: str = "an answer") -> bytes:
        """The body of the next message within `seconds`.

        Raises SessionError or one of its kinds; then the session is broken.
        """
        session_id = self._take_id()
        wait = self._wait(what, seconds)
        while True:
            try:
                message = self._inbox.next(wait.deadline, heed=_WHILE_CALLING)
            except TransportTimeoutError:
                raise self._no_answer(wait) from None
            except TransportClosedError as error:
                raise _closed(wait, error) from error
            except FrameLostError as error:
                raise _lost(wait, error) from None
            if message.kind == Kind.NORMAL and message.session_id == session_id:
                self._id = session_id
                return message.body
            if message.kind == Kind.TERMINATE:
                raise self._rebooted(f"{what} was awaited")
            wait.others += 1  # of an earlier session
            if time.monotonic() > wait.deadline:
                raise self._no_answer(wait)

    def abandon(self) -> None:
        """Breaks the session, for an answer that came whole and makes no sense."""
        self._id = None

    def end(self) -> None:
        """Tells the device that nobody listens any more, if it can be told."""
        if self._id is not None:
            self._id = None
            with suppress(TransportError):
                self._transport.write(Message(0, Kind.TERMINATE).frame(), self.pace.retry)

    def _wait(self, what: str, seconds: float) -> _Wait:
        return _Wait(what, seconds, self._inbox.line, time.monotonic() + seconds)

    def _take_id(self) -> int:
        """The session's number, and leaves it broken: who comes to a good end gives it back."""
        session_id, self._id = self._id, None
        if session_id is None:
            raise DeviceError("There is no session with the device.", hint="start one")
        return session_id

    def _on_handshake(self, message: Message, wait: _Wait) -> None:
        if message.kind == Kind.TERMINATE:
            wait.reboots += 1
            if wait.reboots <= _MOST_ANSWERED_BOOTS:
                self._ask(wait)  # what was sent before it was up may be lost
        elif message.kind == Kind.START_REPLY and message.session_id & 0xFF == self._nonce:
            if message.body[:1] != bytes([VERSION]):
                raise SessionError(
                    f"The device speaks version {message.body[:1].hex() or 'unknown'} of the "
                    f"session protocol; this is version {VERSION}.",
                    Seen.WRONG_PROTOCOL,
                    hint=_HINTS[Seen.WRONG_PROTOCOL],
                )
            if message.session_id >> 8:
                self._id = message.session_id
        else:
            wait.others += 1

    def _ask(self, wait: _Wait) -> None:
        """Asks for a session, with a new number: the answer to an earlier request doesn't count."""
        self._nonce = self._nonce % 255 + 1
        init = Message(self._nonce, Kind.START_INIT, bytes([VERSION]))
        self._write(RESYNC + Message(0, Kind.TERMINATE).frame() + init.frame(), wait)

    def _write(self, data: bytes, wait: _Wait) -> None:
        try:
            self._transport.write(data, max(0.0, wait.deadline - time.monotonic()))
        except TransportTimeoutError as error:
            raise SessionTimeoutError(
                f"The device took no more bytes while {wait.what} was awaited.",
                Seen.SILENT,
                hint="reset the board",
                details=(error.cause, *error.details),
            ) from error
        except TransportClosedError as error:
            raise _closed(wait, error) from error

    def _rebooted(self, when: str) -> SessionError:
        """With what the device said before; where it said nothing, it may not have been able to."""
        logged = tuple(f"it logged: {text}" for text in self._inbox.logged)
        hint = "" if logged else _HINTS[Seen.REBOOTED]
        return SessionError(
            f"The device rebooted while {when}.", Seen.REBOOTED, hint=hint, details=logged
        )

    def _no_answer(self, wait: _Wait) -> SessionTimeoutError:
        if wait.reboots > 1:
            return SessionTimeoutError(
                f"The device rebooted {wait.reboots} times while {wait.what} was awaited.",
                Seen.REBOOTED,
                hint=_HINTS[Seen.REBOOTED],
            )
        return no_answer(wait.what, wait.seconds, wait.before, self.line, wait.others)


def _lost(wait: _Wait, error: FrameLostError) -> SessionError:
    return SessionError(
        f"While {wait.what} was awaited, {error}.", error.seen, hint=_HINTS[error.seen]
    )


def _closed(wait: _Wait, error: TransportClosedError) -> SessionClosedError:
    return SessionClosedError(
        f"The device went away while {wait.what} was awaited: {error.cause}",
        Seen.CLOSED,
        hint=error.hint,
        details=error.details,
    )
