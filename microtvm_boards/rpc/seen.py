"""What was on the line where an answer was due, and the errors that say it."""

from __future__ import annotations

from enum import Enum

from microtvm_boards.errors import DeviceError, TransportClosedError, TransportTimeoutError
from microtvm_boards.rpc.frames import LineState

_SHOWN_BYTES = 32


class Seen(Enum):
    """Why there is no answer."""

    SILENT = "silent"  # not a byte came
    LATE = "late"  # whole frames came, but not the answer
    GARBAGE = "garbage"  # bytes came that are no frames
    BAD_CRC = "bad CRC"  # a frame came that was damaged on the way
    REBOOTED = "rebooted"  # the device started anew
    WRONG_PROTOCOL = "wrong protocol"  # whole frames of another version, or without sense
    CLOSED = "closed"  # the other side is gone


class SessionError(DeviceError):
    """A call got no answer that can be trusted. The session has to start anew, which the next call
    does; what was allocated on the device is lost with it. The message has the words of `seen`.
    """

    def __init__(
        self, cause: str, seen: Seen, *, hint: str = "", details: tuple[str, ...] = ()
    ) -> None:
        if seen.value not in cause:
            cause = f"{cause.removesuffix('.')} ({seen.value})."
        super().__init__(cause, hint=hint, details=details)
        self.seen = seen


class SessionTimeoutError(SessionError, TransportTimeoutError):
    """The deadline passed; `seen` is SILENT, LATE, GARBAGE, BAD_CRC or REBOOTED."""


class SessionClosedError(SessionError, TransportClosedError):
    """The device is gone."""


class RemoteError(DeviceError):
    """The device refused or failed a call, in its own words. The session goes on."""


def no_answer(
    what: str, seconds: float, before: LineState, after: LineState, frames: int
) -> SessionTimeoutError:
    """The error for a deadline that passed while `what` was awaited.

    `before` and `after`: the line when the wait began and now. `frames`: whole frames that came in
    between and weren't the answer.
    """
    details: tuple[str, ...] = ()
    count = after.received - before.received
    garbage = after.garbage - before.garbage
    if count == 0:
        seen, found = Seen.SILENT, "the device was silent"
        hint = "check that it is flashed, powered and on the right port"
    elif after.damaged > before.damaged:
        seen, found = Seen.BAD_CRC, "the device sent frames with a bad CRC"
        hint = "check the cable and the baud rate"
    elif garbage > 0:
        seen, found = Seen.GARBAGE, f"the device sent garbage: {garbage} bytes that are no answer"
        details = (f"the last bytes were {shown(after.sample)}",)
        hint = "check the baud rate, and that the firmware on the board is this project's"
        if b"mtvm 1 " in after.sample:
            hint = "the board runs a project with the entry point c: flash this one"
    elif frames:
        seen, found = Seen.LATE, f"the device sent {frames} other messages"
        hint = "allow more time, or reset the board"
    else:
        seen, found = Seen.LATE, f"of {count} bytes that the device sent none was an answer"
        hint = "check the cable, the baud rate and the board's power"
    return SessionTimeoutError(
        f"For {seconds:.3g} s {what} was awaited, but {found}.", seen, hint=hint, details=details
    )


def shown(data: bytes) -> str:
    """The last bytes in hex and, where they are text, as text."""
    last = data[-_SHOWN_BYTES:]
    text = "".join(chr(b) if 32 <= b < 127 else "." for b in last)
    return f"{last.hex(' ')} ({text})"
