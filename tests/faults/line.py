"""A serial port (a pty) whose other side is a damaged or slow line to a program: see proxy.py."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import socket
import subprocess
import sys
import tty
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from microtvm_boards.errors import TransportClosedError, TransportTimeoutError
from microtvm_boards.transports.base import Transport
from microtvm_boards.transports.serial import SerialTransport
from microtvm_boards.transports.stream import ByteStream, StreamEndedError, StreamTimeoutError
from tests.faults.damage import Damage

PROXY = Path(__file__).with_name("proxy.py")
PATIENCE = 10.0  # seconds; only a proxy that hangs uses them up


class PtyProcess(Transport):
    """`open` starts `command` on the other side of a pty, with nothing between."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)
        self._stream: ByteStream | None = None

    def open(self) -> None:
        master, slave = pty.openpty()
        tty.setraw(slave)
        self._process = subprocess.Popen(self._command, stdin=slave, stdout=slave)
        os.close(slave)
        self._stream = ByteStream(master, os.dup(master))

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
            self._process.kill()
            self._process.wait()

    def read(self, n: int, timeout: float | None) -> bytes:
        try:
            return self._opened().read(n, timeout)
        except StreamTimeoutError:
            raise TransportTimeoutError("Nothing came.") from None
        except StreamEndedError:
            raise TransportClosedError("The line has ended.") from None

    def write(self, data: bytes, timeout: float | None) -> None:
        try:
            self._opened().write(data, timeout)
        except StreamTimeoutError:
            raise TransportTimeoutError("The line takes no more.") from None
        except StreamEndedError:
            raise TransportClosedError("The line has ended.") from None

    def _opened(self) -> ByteStream:
        if self._stream is None:
            raise TransportClosedError("The line is not open.")
        return self._stream


class PtyLine(Transport):
    """`open` starts the proxy and `command` behind it, and opens the pty as a serial port.

    `baud`: of the line; 0 is as fast as it goes.
    """

    def __init__(self, command: Sequence[str], *, baud: int = 0) -> None:
        self._command = tuple(command)
        self._baud = baud
        self._serial: SerialTransport | None = None

    def open(self) -> None:
        master, slave = pty.openpty()
        tty.setraw(slave)
        self._control, far = socket.socketpair()
        self._control.settimeout(PATIENCE)
        self.process = subprocess.Popen(
            [sys.executable, "-E", "-S", str(PROXY), str(self._baud), *self._command],
            stdin=master,
            stdout=far.fileno(),
        )
        os.close(master)
        far.close()
        self._serial = SerialTransport(os.ttyname(slave), baud=self._baud or 115200)
        try:
            self._serial.open()
        finally:
            os.close(slave)

    def close(self) -> None:
        if self._serial is None:
            return
        self._serial.close()
        self._serial = None
        self._control.close()
        try:
            self.process.wait(PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()

    def read(self, n: int, timeout: float | None) -> bytes:
        return self._opened().read(n, timeout)

    def write(self, data: bytes, timeout: float | None) -> None:
        self._opened().write(data, timeout)

    def _opened(self) -> SerialTransport:
        if self._serial is None:
            raise TransportClosedError("The line is not open.")
        return self._serial

    def damage(
        self,
        up: Sequence[Damage] = (),
        down: Sequence[Damage] = (),
        *,
        chunk: tuple[int, int] = (0, 0),
        seed: int = 0,
    ) -> None:
        """From now on: damages, sizes of what one write passes on (0: all that there is)."""
        sides = {"up": up, "down": down}
        plan: dict[str, object] = {
            side: [{**asdict(damage), "data": damage.data.hex()} for damage in damages]
            for side, damages in sides.items()
        }
        self._control.sendall(json.dumps({**plan, "chunk": chunk, "seed": seed}).encode() + b"\n")
        if not self._control.recv(1):
            raise TransportClosedError("The line has ended.")

    def drain(self, quiet: float) -> None:
        """Throws away what comes until nothing has come for `quiet` seconds."""
        with contextlib.suppress(TransportTimeoutError):
            while True:
                self.read(1 << 16, quiet)
