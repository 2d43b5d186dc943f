"""Records what goes over a transport, and plays it back in the device's place.

A transcript is a text of JSON lines: {"t": seconds since open, "way": "open", "write", "read" or
"close", "hex": bytes}. What was read late is played back at once: a replay takes no time.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from microtvm_boards.errors import TransportClosedError, TransportError, TransportTimeoutError
from microtvm_boards.transports.base import Transport

_WAYS = ("open", "write", "read", "close", "end")
_SHOWN_BYTES = 24


class RecordingTransport(Transport):
    """`inner`, and a transcript of it in the file `path`, which each `open` goes on with."""

    def __init__(self, inner: Transport, path: Path) -> None:
        self._inner = inner
        self._path = path
        self._file: IO[str] | None = None
        self._opened_at = 0.0

    def open(self) -> None:
        """Raises TransportError when the file can't be written, else as the inner one."""
        if self._file is None:
            try:
                # Lines one by one: what led to a crash is in the file.
                self._file = self._path.open("a", encoding="ascii", buffering=1)
            except OSError as error:
                raise TransportError(
                    f"The transcript {self._path} can't be written: {error.strerror}."
                ) from error
        self._opened_at = time.monotonic()
        self._inner.open()
        self.baud = self._inner.baud
        self._note("open")

    def close(self) -> None:
        try:
            self._inner.close()
        finally:
            if self._file is not None:
                self._note("close")
                self._file.close()
                self._file = None

    def read(self, n: int, timeout: float | None) -> bytes:
        try:
            data = self._inner.read(n, timeout)
        except TransportClosedError as error:
            self._note("end", error.cause.encode())
            raise
        if data:
            self._note("read", data)
        return data

    def write(self, data: bytes, timeout: float | None) -> None:
        try:
            self._inner.write(data, timeout)
        except TransportClosedError as error:
            self._note("end", error.cause.encode())
            raise
        if data:
            self._note("write", data)

    def set_baud(self, baud: int) -> None:
        self._inner.set_baud(baud)
        self.baud = self._inner.baud

    def _note(self, way: str, data: bytes = b"") -> None:
        if self._file is not None:
            seconds = round(time.monotonic() - self._opened_at, 6)
            json.dump({"t": seconds, "way": way, "hex": data.hex()}, self._file)
            self._file.write("\n")


@dataclass
class _Event:
    line: int  # in the file, from 1
    way: str
    data: bytes


class ReplayTransport(Transport):
    """Answers as the transcript in `path` says: it has to be given the same bytes to write.

    Each `open` goes on with the transcript's next one. Where the device said nothing before the
    next write, a read times out at once. Raises TransportError for a write that differs, and
    TransportClosedError at the end.
    """

    def __init__(self, path: Path) -> None:
        """Raises TransportError when `path` is no transcript."""
        self._path = path
        self._events = _read(path)
        self._at = 0
        self._is_open = False

    def open(self) -> None:
        if self._is_open:
            raise TransportError(f"The transcript {self._path} is open already.")
        while self._at < len(self._events) and self._events[self._at].way != "open":
            self._at += 1
        if self._at == len(self._events):
            raise TransportError(f"The transcript {self._path} holds no further session.")
        self._at += 1
        self._is_open = True

    def close(self) -> None:
        self._is_open = False

    def set_baud(self, baud: int) -> None:
        """Nothing: bytes come as they were received."""

    def read(self, n: int, timeout: float | None) -> bytes:
        data = bytearray()
        while len(data) < n:
            event = self._next()
            if event is None or event.way in ("open", "close", "end"):
                if data:
                    break
                raise self._ended(event)
            if event.way == "write":
                if data:
                    break
                raise TransportTimeoutError(
                    f"In the transcript {self._path} the device says nothing here "
                    f"(line {event.line})."
                )
            take = min(n - len(data), len(event.data))
            data += event.data[:take]
            event.data = event.data[take:]
            if timeout is not None:
                break
        return bytes(data)

    def write(self, data: bytes, timeout: float | None) -> None:
        """What was to be read before is skipped: it was not waited for this time."""
        left = data
        while left:
            event = self._next_write()
            if event is None or event.way != "write":
                raise self._ended(event)
            count = min(len(left), len(event.data))
            if left[:count] != event.data[:count]:
                raise TransportError(
                    f"This is not what was written when {self._path} was recorded "
                    f"(line {event.line}).",
                    details=[
                        f"recorded: {event.data[:_SHOWN_BYTES].hex(' ')}",
                        f"now:      {left[:_SHOWN_BYTES].hex(' ')}",
                    ],
                    hint="replay with the project, options and inputs of the recording",
                )
            left, event.data = left[count:], event.data[count:]

    def _next(self) -> _Event | None:
        """The first event that isn't used up."""
        if not self._is_open:
            raise TransportClosedError(f"The transcript {self._path} is not open.")
        while self._at < len(self._events):
            event = self._events[self._at]
            if event.data or event.way not in ("read", "write"):
                return event
            self._at += 1
        return None

    def _next_write(self) -> _Event | None:
        """The first event that isn't used up and no read."""
        self._next()
        for event in self._events[self._at :]:
            if event.way != "read" and (event.data or event.way != "write"):
                return event
        return None

    def _ended(self, event: _Event | None) -> TransportClosedError:
        if event is not None and event.way == "end":
            return TransportClosedError(f"As recorded: {event.data.decode(errors='replace')}")
        return TransportClosedError(f"The session in the transcript {self._path} ends here.")


def written(path: Path) -> bytes:
    """All that was written to the device. Raises TransportError when `path` is no transcript."""
    return b"".join(event.data for event in _read(path) if event.way == "write")


def _read(path: Path) -> list[_Event]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise TransportError(f"The transcript {path} can't be read: {error}.") from error
    events = []
    for number, line in enumerate(lines, 1):
        try:
            fields = json.loads(line)
            event = _Event(number, fields["way"], bytes.fromhex(fields["hex"]))
        except (ValueError, KeyError, TypeError) as error:
            raise TransportError(
                f"{path} is no transcript: line {number} is {line[:60]!r}."
            ) from error
        if event.way not in _WAYS:
            raise TransportError(f'{path}: line {number} has the unknown way "{event.way}".')
        events.append(event)
    return events
