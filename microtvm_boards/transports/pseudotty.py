"""The UART of a program that opens a pseudo-terminal for it and prints its name."""

from __future__ import annotations

import os
import re
import termios
import time
import tty
from collections.abc import Sequence

from microtvm_boards.errors import TransportClosedError, TransportError
from microtvm_boards.transports.child import Child
from microtvm_boards.transports.child_transport import ChildTransport, Connection
from microtvm_boards.transports.stream import ByteStream

# Zephyr's native_posix and native_sim: "UART_0 connected to pseudotty: /dev/pts/3".
_ANNOUNCED = re.compile(r"connected to pseudotty: (\S+)")
_RETRY = 0.005  # seconds


class PseudottyTransport(ChildTransport):
    """Starts `command` and opens the terminal that it prints; each `open` starts it afresh."""

    def __init__(self, command: Sequence[str], *, name: str, connect_timeout: float = 20.0) -> None:
        super().__init__(name)
        self._command = tuple(command)
        self._connect_timeout = connect_timeout

    def _connect(self) -> Connection:
        child = Child(self._command)
        try:
            fd = self._open_terminal(self._announced(child))
            return Connection(child, ByteStream(fd, fd))
        except BaseException:
            child.end()
            raise

    def _announced(self, child: Child) -> str:
        deadline = time.monotonic() + self._connect_timeout
        while True:
            ended = child.wait(0)
            for line in child.last_words():
                if match := _ANNOUNCED.search(line):
                    return match[1]
            if ended:
                raise TransportError(
                    f"{self.name} {child.ending()} before it named its UART.",
                    details=child.last_words(),
                )
            if time.monotonic() > deadline:
                raise TransportError(
                    f"{self.name} has not named its UART within {self._connect_timeout:g} s.",
                    details=child.last_words(),
                )
            if self._closing.wait(_RETRY):
                raise TransportClosedError(f"The transport to {self.name} was closed.")

    def _open_terminal(self, path: str) -> int:
        try:
            fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
        except OSError as error:
            raise TransportError(
                f"The UART {path} of {self.name} can't be opened: {error.strerror}."
            ) from error
        try:
            tty.setraw(fd, termios.TCSANOW)  # now: what came already is kept
        except BaseException:
            os.close(fd)
            raise
        return fd
