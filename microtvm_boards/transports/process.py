"""The firmware of the host: a program whose stdin and stdout are the UART."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from microtvm_boards.transports.child import Child
from microtvm_boards.transports.child_transport import ChildTransport, Connection
from microtvm_boards.transports.stream import ByteStream


class ProcessTransport(ChildTransport):
    """Starts `command` in `cwd`; each `open` starts it afresh."""

    def __init__(self, command: Sequence[str], *, cwd: Path | None = None) -> None:
        super().__init__(Path(command[0]).name)
        self._command = tuple(command)
        self._cwd = cwd

    def _connect(self) -> Connection:
        child = Child(self._command, cwd=self._cwd, pipes=True)
        try:
            return Connection(child, ByteStream(*child.take_pipes()))
        except BaseException:
            child.end()
            raise
