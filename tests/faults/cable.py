"""The real C link and session in this process, behind a line that can be damaged, in virtual time.

A wait takes no time: it moves the clock. So 100,000 damaged calls take a minute, and a call that
would hang is one whose clock runs past its deadline.
"""

from __future__ import annotations

import ctypes
import subprocess
from collections import deque
from pathlib import Path

import pytest

from microtvm_boards.errors import TransportTimeoutError
from microtvm_boards.resources import template_project
from microtvm_boards.rpc import messages, session
from microtvm_boards.transports.base import Transport
from tests.faults.damage import BadLine, Damage

HERE = Path(__file__).parent
SRC = template_project() / "src"
LINK_SOURCES = [
    SRC / "rpc" / name for name in ("server.c", "link/link.c", "link/session.c", "calls/error.c")
]
INCLUDES = [f"-I{HERE / 'include'}"]
INCLUDES += [f"-I{SRC / folder}" for folder in ("rpc", "port", "abi", "model")]
CAPACITY = 2048 - 3  # bytes of a body that link_device.c takes
SHORTEST_WAIT = 1e-4  # virtual seconds of a read that finds nothing


def answer_to(body: bytes) -> bytes:
    """What link_device.c answers."""
    return bytes(byte ^ (index * 7 + 1) & 0xFF for index, byte in enumerate(body))


def build_device(directory: Path) -> ctypes.CDLL:
    """link_device.c with the template's own link and session. Undefined behaviour traps."""
    library = directory / "device.so"
    command = ["gcc", "-std=c99", "-O1", "-g", "-fPIC", "-shared", "-Wall", "-Wextra"]
    command += ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error", *INCLUDES]
    command += [str(HERE / "link_device.c"), *map(str, LINK_SOURCES), "-o", str(library)]
    subprocess.run(command, check=True)
    device = ctypes.CDLL(str(library))
    device.device_feed.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    device.decode.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p]
    device.decode.restype = ctypes.c_size_t
    return device


class Clock:
    """Stands in for the module `time`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def rule(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The session's time is this clock's."""
        for module in (session, messages):
            monkeypatch.setattr(module, "time", self)


class Cable(Transport):
    """A line to the device of link_device.c. `up`: to the device."""

    def __init__(self, device: ctypes.CDLL, clock: Clock) -> None:
        self._device = device
        self._clock = clock
        self._sent = (ctypes.c_uint8 * 65536).in_dll(device, "device_sent")
        self._sent_count = ctypes.c_uint32.in_dll(device, "device_sent_count")
        self._arriving: deque[tuple[float, bytes]] = deque()  # when, what
        self._arrived_at = [0.0, 0.0]
        self.largest_read = 1 << 16
        self.clear()
        device.device_boot()
        self._take_sent()

    def clear(self) -> None:
        """From now on nothing is damaged, and the record of what passed is empty."""
        self.damage((), ())

    def damage(self, up: tuple[Damage, ...], down: tuple[Damage, ...]) -> None:
        """Damages what passes from now on; places count from here."""
        self._lines = [BadLine(up), BadLine(down)]
        self.sent = [bytearray(), bytearray()]  # up and down, as they were sent
        self.came = [bytearray(), bytearray()]  # as they arrived

    def open(self) -> None:
        """It is."""

    def close(self) -> None:
        """Nothing is to be closed."""

    def write(self, data: bytes, timeout: float | None) -> None:
        for at, piece in self._through(0, data):
            self._feed(at, piece)

    def read(self, n: int, timeout: float | None) -> bytes:
        assert timeout is not None, "this wait would never end"
        now = self._clock.now
        if not self._arriving or self._arriving[0][0] > now + timeout:
            self._clock.now += max(timeout, SHORTEST_WAIT)
            raise TransportTimeoutError("Nothing came.")
        self._clock.now = max(now, self._arriving[0][0])
        data = bytearray()
        n = min(n, self.largest_read)
        while self._arriving and len(data) < n and self._arriving[0][0] <= self._clock.now:
            at, piece = self._arriving.popleft()
            room = n - len(data)
            data += piece[:room]
            if len(piece) > room:
                self._arriving.appendleft((at, piece[room:]))
        return bytes(data)

    def _through(self, side: int, data: bytes) -> list[tuple[float, bytes]]:
        """What comes out of the line when, in order."""
        self.sent[side] += data
        at = max(self._arrived_at[side], self._clock.now)
        out = []
        for piece in self._lines[side].feed(data):
            if isinstance(piece, float):
                at += piece
            elif piece:
                self.came[side] += piece
                out.append((at, piece))
        self._arrived_at[side] = at
        return out

    def _feed(self, at: float, data: bytes) -> None:
        self._device.device_feed(data, len(data))
        self._take_sent(at)

    def _take_sent(self, at: float = 0.0) -> None:
        count = self._sent_count.value
        if count:
            data = ctypes.string_at(ctypes.addressof(self._sent), count)
            self._sent_count.value = 0
            self._arrived_at[1] = max(self._arrived_at[1], at)
            self._arriving.extend(self._through(1, data))
