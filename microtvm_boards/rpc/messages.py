"""Messages in frames: `session_id u16 | type u8 | body`, little-endian.

session_id = initiator nonce | responder nonce << 8. Source: TVM v0.16,
src/runtime/crt/microtvm_rpc_common/session.cc.
"""

from __future__ import annotations

import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from microtvm_boards.errors import TransportTimeoutError
from microtvm_boards.rpc.frames import Decoder, LineState, encode
from microtvm_boards.rpc.seen import Seen
from microtvm_boards.transports.base import Transport

VERSION = 1

_HEADER = struct.Struct("<HB")
_CHUNK = 1 << 16
# How the firmware's log messages begin when it left out a frame of ours, and what that means to us:
# template_project/src/rpc/calls/error.h.
_LEFT_OUT = {
    "MTVM_RPC_E_CRC": Seen.BAD_CRC,
    "MTVM_RPC_E_FRAME": Seen.BAD_CRC,
    "MTVM_RPC_E_SESSION": Seen.REBOOTED,
    "MTVM_RPC_E_VERSION": Seen.WRONG_PROTOCOL,
}
_SHOWN_LOGS = 3
_LIMIT = 1 << 20  # bytes of a message; firmware has less memory than that for one


class Kind(IntEnum):
    START_INIT = 0
    START_REPLY = 1
    TERMINATE = 2
    LOG = 3
    NORMAL = 0x10


@dataclass(frozen=True)
class Message:
    session_id: int
    kind: int  # a Kind, or a number that isn't known
    body: bytes = b""

    def frame(self) -> bytes:
        return encode(_HEADER.pack(self.session_id, self.kind) + self.body)


def parse_message(payload: bytes) -> Message | None:
    """The message in a frame; None when the payload is too short for one."""
    if len(payload) < _HEADER.size:
        return None
    session_id, kind = _HEADER.unpack_from(payload)
    return Message(session_id, kind, payload[_HEADER.size :])


def log_text(body: bytes) -> str:
    """A log message without the line ends and NULs that firmware puts behind it."""
    return body.decode("utf-8", "backslashreplace").rstrip("\r\n\0")


def describe(payload: bytes) -> str:
    """One line for people who look on: a log message's text, what else came in brackets."""
    message = parse_message(payload)
    if message is None:
        return f"[a frame of {len(payload)} bytes]"
    if message.kind == Kind.LOG:
        return log_text(message.body)
    if message.kind == Kind.TERMINATE:
        return "[the firmware waits for a session]"
    return f"[a message of type {message.kind} with {len(message.body)} bytes]"


class FrameLostError(Exception):
    """A frame was lost on its way to us or to the device; the text says so as a clause."""

    def __init__(self, clause: str, seen: Seen) -> None:
        super().__init__(clause)
        self.seen = seen


class Inbox:
    """Messages from a transport, log messages handed on as they come."""

    def __init__(self, transport: Transport, on_log: Callable[[str], None]) -> None:
        self._transport = transport
        self._on_log = on_log
        self._decoder = Decoder(_LIMIT)
        self._messages: deque[Message] = deque()
        self.logged: deque[str] = deque(maxlen=_SHOWN_LOGS)  # texts since it was cleared
        self._left_out = ""  # what the device said of a frame that it didn't take

    @property
    def line(self) -> LineState:
        return self._decoder.state

    def take_unread(self) -> list[Message]:
        """The messages that have come and that `next` hasn't given."""
        unread = list(self._messages)
        self._messages.clear()
        return unread

    def next(self, deadline: float, *, heed: frozenset[Seen]) -> Message:
        """The next message that is no log. `deadline` is a time of time.monotonic().

        Raises TransportTimeoutError, TransportClosedError, and FrameLostError when a frame was lost
        for a reason in `heed`.
        """
        late = False
        while not self._messages:
            if late:  # whoever never stops sending doesn't move the deadline
                raise TransportTimeoutError("No message came in time.")
            before, self._left_out = self._decoder.damaged, ""
            left = deadline - time.monotonic()
            late = left <= 0
            self._sort(self._transport.read(_CHUNK, max(0.0, left)))
            if not self._messages:
                self._check_losses(before, heed)
        return self._messages.popleft()

    def _check_losses(self, damaged_before: int, heed: frozenset[Seen]) -> None:
        if Seen.BAD_CRC in heed and self._decoder.damaged > damaged_before:
            raise FrameLostError("a frame with a bad CRC came", Seen.BAD_CRC)
        if self._left_out:
            seen = _LEFT_OUT[self._left_out.partition(":")[0]]
            if seen in heed:
                raise FrameLostError(f"the device left out a frame: {self._left_out}", seen)

    def _sort(self, data: bytes) -> None:
        for payload in self._decoder.feed(data):
            message = parse_message(payload)
            if message is None:
                continue
            if message.kind == Kind.LOG:
                text = log_text(message.body)
                if text.partition(":")[0] in _LEFT_OUT:
                    self._left_out = text
                self.logged.append(text)
                self._on_log(text)
            else:
                self._messages.append(message)
