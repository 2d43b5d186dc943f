"""Bytes over file descriptors with deadlines: what every transport on POSIX does with them."""

from __future__ import annotations

import math
import os
import select
import threading
import time

CHUNK = 1 << 20  # bytes per read call; os.read allocates as much as it is asked for
LONGEST_POLL = 60.0  # seconds; poll() takes an int of milliseconds


class StreamTimeoutError(Exception):
    """The deadline passed; `count` bytes of a write had gone out."""

    def __init__(self, count: int = 0) -> None:
        super().__init__()
        self.count = count


class StreamEndedError(Exception):
    """The other side is gone, or `close` was called."""


class ByteStream:
    """Reads from one descriptor and writes to another, or the same; owns and closes both.

    One thread may read while another writes; `close` may come from any thread and ends what waits.
    Time-outs are as in `Transport`.
    """

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)
        self._wake_read, self._wake_write = os.pipe()
        self._closing = False
        self._close_lock = threading.Lock()
        # Held while a descriptor is in use, so that none is closed under poll() and reused.
        self._read_lock = threading.Lock()
        self._write_lock = threading.Lock()
        self._received = bytearray()  # what an unfinished exact read has taken from the descriptor

    def read(self, n: int, timeout: float | None) -> bytes:
        """1 to n bytes, with timeout None exactly n. What came before an end is not lost."""
        if n < 0:
            raise ValueError(f"can't read {n} bytes")
        with self._read_lock:
            deadline = _deadline(timeout)
            wanted = n if timeout is None else 1
            while len(self._received) < min(n, wanted):
                self._check_open()
                try:
                    data = os.read(self._read_fd, min(n - len(self._received), CHUNK))
                except BlockingIOError:
                    if not self._wait(self._read_fd, select.POLLIN, deadline):
                        raise StreamTimeoutError from None
                    continue
                except OSError as error:  # a socket whose peer died, a serial port unplugged
                    raise StreamEndedError from error
                if not data:
                    raise StreamEndedError
                self._received += data
            taken = bytes(self._received[:n])
            del self._received[:n]
            return taken

    def write(self, data: bytes, timeout: float | None) -> None:
        """Writes all of `data`; StreamTimeoutError says how much went out."""
        with self._write_lock:
            deadline = _deadline(timeout)
            view = memoryview(data)
            done = 0
            while done < len(view):
                self._check_open()
                try:
                    done += os.write(self._write_fd, view[done:])
                except BlockingIOError:
                    if not self._wait(self._write_fd, select.POLLOUT, deadline):
                        raise StreamTimeoutError(done) from None
                except OSError as error:
                    raise StreamEndedError from error

    def close(self) -> None:
        """Ends what waits, then closes the descriptors. Harmless when closed."""
        with self._close_lock:
            if self._closing:
                return
            self._closing = True
            os.write(self._wake_write, b"\0")
            with self._read_lock, self._write_lock:
                for fd in {self._read_fd, self._write_fd, self._wake_read, self._wake_write}:
                    os.close(fd)

    def _check_open(self) -> None:
        if self._closing:
            raise StreamEndedError

    def _wait(self, fd: int, event: int, deadline: float | None) -> bool:
        """Until `fd` is ready, gone, or this stream is closed; False when the deadline passed."""
        poll = select.poll()
        poll.register(fd, event)
        poll.register(self._wake_read, select.POLLIN)
        while True:
            left = LONGEST_POLL if deadline is None else deadline - time.monotonic()
            if left <= 0:
                return False
            if poll.poll(math.ceil(min(left, LONGEST_POLL) * 1000)):
                return True


def _deadline(timeout: float | None) -> float | None:
    return None if timeout is None else time.monotonic() + timeout
