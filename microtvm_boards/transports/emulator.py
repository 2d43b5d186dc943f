"""The UART of an emulated board, over a unix socket."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from microtvm_boards.errors import TransportClosedError, TransportError
from microtvm_boards.transports.child import Child
from microtvm_boards.transports.child_transport import ChildTransport, Connection
from microtvm_boards.transports.stream import ByteStream

PLACEHOLDER = "{socket}"
LONGEST_DIRECTORY = 80  # bytes; with the socket's name it must fit sun_path, 108 (unix(7))
_RETRY = 0.005  # seconds


class EmulatorTransport(ChildTransport):
    """Starts the emulator `command` and connects to the socket that it listens on.

    One argument of `command` contains "{socket}", where the path of the socket goes, e.g.
    `-chardev socket,id=uart,path={socket},server=on,wait=on`: with wait=on the firmware doesn't
    start before we are connected, so that nothing it says is lost.
    """

    def __init__(self, command: Sequence[str], *, name: str, connect_timeout: float = 20.0) -> None:
        super().__init__(name)
        if sum(PLACEHOLDER in argument for argument in command) != 1:
            raise ValueError(f"one argument of {list(command)} has to contain {PLACEHOLDER}")
        self._command = tuple(command)
        self._connect_timeout = connect_timeout

    def _connect(self) -> Connection:
        # Nobody needs the directory once we are connected: removed now, it can't be left behind.
        with tempfile.TemporaryDirectory(prefix="mtvm-", dir=_base_directory()) as directory:
            path = Path(directory) / "uart"
            child = Child([arg.replace(PLACEHOLDER, str(path)) for arg in self._command])
            try:
                fd = self._connect_socket(path, child)
                return Connection(child, ByteStream(fd, fd))
            except BaseException:
                child.end()
                raise

    def _connect_socket(self, path: Path, child: Child) -> int:
        deadline = time.monotonic() + self._connect_timeout
        while True:
            with socket.socket(socket.AF_UNIX) as end:
                try:
                    end.connect(str(path))
                    return end.detach()
                except (FileNotFoundError, ConnectionRefusedError):
                    pass  # not yet listening
            if child.wait(0):
                raise TransportError(
                    f"{self.name} {child.ending()} before its UART could be reached.",
                    details=child.last_words(),
                )
            if time.monotonic() > deadline:
                raise TransportError(
                    f"{self.name} has not opened its UART within {self._connect_timeout:g} s.",
                    details=child.last_words(),
                )
            if self._closing.wait(_RETRY):
                raise TransportClosedError(f"The transport to {self.name} was closed.")


def _base_directory() -> str:
    """Short enough for sun_path, and without a comma, which QEMU takes for a separator."""
    usual = tempfile.gettempdir()
    return "/tmp" if len(os.fsencode(usual)) > LONGEST_DIRECTORY or "," in usual else usual
