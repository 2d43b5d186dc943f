"""A serial port made of a pty: the real SerialTransport, and a program behind it as the board."""

from __future__ import annotations

import os
import pty
import subprocess
import tty
from collections.abc import Sequence

from microtvm_boards.transports.serial import SerialTransport


class PtySerial(SerialTransport):
    """Each `open` plugs in a new board: `command` with the pty's other side as stdin and stdout."""

    def __init__(self, command: Sequence[str], *, baud: int = 115200) -> None:
        super().__init__("/dev/none", baud=baud)
        self._command = tuple(command)
        self._board: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        if self._board is not None:
            super().open()
            return
        master, slave = pty.openpty()
        try:
            tty.setraw(slave)
            self.port = self.name = os.ttyname(slave)
            super().open()
            self._board = subprocess.Popen(self._command, stdin=master, stdout=master)
        finally:
            os.close(slave)
            os.close(master)

    def close(self) -> None:
        super().close()
        if self._board is not None:
            self._board.kill()
            self._board.wait()
            self._board = None
