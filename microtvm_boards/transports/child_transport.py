"""What the transports to a child process share: opening, closing, and saying how it ended."""

from __future__ import annotations

import threading
from abc import abstractmethod
from dataclasses import dataclass

from microtvm_boards.errors import TransportClosedError, TransportError, TransportTimeoutError
from microtvm_boards.transports.base import Transport
from microtvm_boards.transports.child import Child
from microtvm_boards.transports.stream import ByteStream, StreamEndedError, StreamTimeoutError

LAST_WORDS = 1.0  # seconds that a child gets to end after its stream did


@dataclass(frozen=True)
class Connection:
    child: Child
    stream: ByteStream


class ChildTransport(Transport):
    """Starts a process at `open` and ends it at `close`; `name` is the subject of messages."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._connection: Connection | None = None
        self._closing = threading.Event()  # set: `_connect` and whoever waits must give up
        self._opening_or_closing = threading.Lock()

    @abstractmethod
    def _connect(self) -> Connection:
        """Starts the child and connects; leaves nothing running when it raises."""

    def open(self) -> None:
        with self._opening_or_closing:
            if self._connection is not None:
                raise TransportError(f"The transport to {self.name} is open already.")
            self._closing.clear()
            self._connection = self._connect()

    def close(self) -> None:
        self._closing.set()
        with self._opening_or_closing:
            if self._connection is None:
                return
            try:
                self._connection.stream.close()
            finally:
                self._connection.child.end()
            self._connection = None

    def read(self, n: int, timeout: float | None) -> bytes:
        connection = self._open_connection()
        try:
            return connection.stream.read(n, timeout)
        except StreamTimeoutError:
            raise TransportTimeoutError(
                f"{self.name} sent nothing within {timeout:g} s.",
                details=connection.child.last_words(),
            ) from None
        except StreamEndedError:
            raise self._gone(connection) from None

    def write(self, data: bytes, timeout: float | None) -> None:
        connection = self._open_connection()
        try:
            connection.stream.write(data, timeout)
        except StreamTimeoutError as error:
            raise TransportTimeoutError(
                f"{self.name} took {error.count} of {len(data)} bytes within {timeout:g} s.",
                details=connection.child.last_words(),
            ) from None
        except StreamEndedError:
            raise self._gone(connection) from None

    def _open_connection(self) -> Connection:
        connection = self._connection
        if connection is None or self._closing.is_set():
            raise TransportClosedError(f"The transport to {self.name} is not open.")
        return connection

    def _gone(self, connection: Connection) -> TransportClosedError:
        if self._closing.is_set():
            return TransportClosedError(f"The transport to {self.name} was closed.")
        child = connection.child
        if child.wait(LAST_WORDS):
            return TransportClosedError(
                f"{self.name} {child.ending()}.", details=child.last_words()
            )
        return TransportClosedError(
            f"{self.name} closed the connection, but is still running.", details=child.last_words()
        )
