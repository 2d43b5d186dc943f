"""A session with a device that passes whole RPC packets, as the bridge's child process holds it."""

from __future__ import annotations

import contextlib
import struct
import sys
from collections.abc import Callable
from typing import Any

from microtvm_boards.errors import DeviceError, TransportClosedError, TransportTimeoutError
from microtvm_boards.relay.session.blocks import Blocks
from microtvm_boards.rpc.deadlines import Pace
from microtvm_boards.rpc.session import Session
from microtvm_boards.transports.base import Transport

_SMALL = 64  # bytes; answers without a tensor's data
_LEAST = 12  # bytes of a packet: its length and its code
_LONGEST_SECONDS = 1e6  # longer than any session; C types hold it in microseconds


class SessionLink:
    """Over a session that has started. `close` ends it and closes its transport."""

    def __init__(self, session: Session, close: Callable[[], None]) -> None:
        self._session = session
        self._close = close
        self._blocks = Blocks(self._ask)

    def call(self, packet: bytes) -> bytes:
        """The device's reply to one RPC packet. Raises DeviceError or TransportError."""
        return self._blocks.call(packet)

    def _ask(self, packet: bytes, expected: int) -> bytes:
        reply = self._session.call(packet, expected=_SMALL + expected)
        if len(reply) < _LEAST or struct.unpack_from("<Q", reply)[0] != len(reply) - 8:
            raise DeviceError(
                f"The device's answer of {len(reply)} bytes is no RPC packet: {reply[:16].hex(' ')}"
            )
        return reply

    def close(self) -> None:
        self._close()


class DeviceLink(SessionLink):
    """Opens `transport` and a session over it.

    An answer may take `pace.grace` seconds besides the time of the bytes; RPC packets don't say
    what work they mean.
    """

    def __init__(self, transport: Transport, pace: Pace) -> None:
        session = Session(transport, pace=pace, on_log=_print)

        def close() -> None:
            try:
                session.end()
            finally:
                transport.close()

        super().__init__(session, close)
        transport.open()
        try:
            session.start()
        except BaseException:
            transport.close()
            raise


class FunctionTransport(Transport):
    """The functions that TVM's session gives: `read(n, microseconds)`, which returns nothing when
    the time is up, and `write(data, microseconds)`. They are open already, and closed by TVM.

    TVM's transports may wait for all n bytes (v0.16, micro/transport.py), so that one is asked for
    first; `greedy` is for a `read` that returns as soon as there is something.
    """

    def __init__(
        self,
        read: Callable[[int, int], bytes],
        write: Callable[[bytearray, int], object],
        *,
        greedy: bool,
    ) -> None:
        self._first = sys.maxsize if greedy else 1
        self._read = read
        self._write = write

    def open(self) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        """Nothing: they are the caller's."""

    def read(self, n: int, timeout: float | None) -> bytes:
        first = min(n, self._first)
        data = bytes(self._call(self._read, first, timeout))
        if not data:
            raise TransportTimeoutError("The device sent nothing in time.")
        if n > first:
            data += bytes(self._call(self._read, n - first, 0.0))
        return data

    def write(self, data: bytes, timeout: float | None) -> None:
        self._call(self._write, bytearray(data), timeout)

    def _call(
        self, function: Callable[[Any, int], Any], what: object, seconds: float | None
    ) -> Any:
        left = min(_LONGEST_SECONDS if seconds is None else seconds, _LONGEST_SECONDS)
        try:
            return function(what, int(left * 1e6))
        except Exception as error:  # TVM's own; v0.16, micro/project_api/server.py
            text = f"The transport failed: {error}"
            if type(error).__name__ == "IoTimeoutError":
                raise TransportTimeoutError(text) from error
            raise TransportClosedError(text) from error


def _print(text: str) -> None:
    """As TVM's session shows what devices log."""
    with contextlib.suppress(OSError):
        print(f"remote: {text}", file=sys.stderr, flush=True)
