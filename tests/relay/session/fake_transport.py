"""TVM's side of a transport to tests/relay/session/fake_device.py, as a user might write one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tvm.micro.project_api.server import IoTimeoutError, TransportClosedError
from tvm.micro.transport import Transport, TransportTimeouts

from microtvm_boards import errors
from microtvm_boards.transports.process import ProcessTransport

ROOT = Path(__file__).parents[3]


class FakeTransport(Transport):  # type: ignore[misc]  # TVM is untyped
    def __init__(self, fault: str, *, start: float = 10, reply: float = 10) -> None:
        self.opened = 0
        self._timeouts = TransportTimeouts(start / 2, start, reply)
        command = [sys.executable, "-m", "tests.relay.session.fake_device", fault]
        self._process = ProcessTransport(command, cwd=ROOT)

    def timeouts(self) -> Any:
        return self._timeouts

    def open(self) -> None:
        self.opened += 1
        self._process.open()

    def close(self) -> None:
        self.opened -= 1
        self._process.close()

    def read(self, n: int, timeout_sec: float | None) -> bytes:
        try:
            return self._process.read(n, timeout_sec)
        except errors.TransportTimeoutError as error:
            raise IoTimeoutError from error
        except errors.TransportClosedError as error:
            raise TransportClosedError from error

    def write(self, data: bytes, timeout_sec: float | None) -> None:
        self._process.write(bytes(data), timeout_sec)
