"""What the transports over a ByteStream share: opening, closing, deadlines in words."""

from __future__ import annotations

import threading
from abc import abstractmethod
from typing import Generic, Protocol, TypeVar

from microtvm_boards.errors import TransportClosedError, TransportError, TransportTimeoutError
from microtvm_boards.transports.base import Transport
from microtvm_boards.transports.stream import ByteStream, StreamEndedError, StreamTimeoutError


class Connection(Protocol):
    """An open stream and what is to be ended after it."""

    @property
    def stream(self) -> ByteStream: ...

    def end(self) -> None: ...


C = TypeVar("C", bound=Connection)


class StreamTransport(Transport, Generic[C]):
    """Connects at `open` and ends that at `close`; `name` is the subject of messages."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._connection: C | None = None
        self._closing = threading.Event()  # set: `_connect` and whoever waits must give up
        self._opening_or_closing = threading.Lock()

    @abstractmethod
    def _connect(self) -> C:
        """Connects; leaves nothing behind when it raises."""

    @abstractmethod
    def _why_gone(self, connection: C) -> TransportClosedError:
        """The other side has ended the stream: what to say."""

    def _last_words(self, connection: C) -> tuple[str, ...]:
        """Details for the error of a deadline that passed."""
        return ()

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
                self._connection.end()
            self._connection = None

    def read(self, n: int, timeout: float | None) -> bytes:
        connection = self._open_connection()
        try:
            return connection.stream.read(n, timeout)
        except StreamTimeoutError:
            raise TransportTimeoutError(
                f"{self.name} sent nothing within {timeout:g} s.",
                details=self._last_words(connection),
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
                details=self._last_words(connection),
            ) from None
        except StreamEndedError:
            raise self._gone(connection) from None

    def _open_connection(self) -> C:
        connection = self._connection
        if connection is None or self._closing.is_set():
            raise TransportClosedError(f"The transport to {self.name} is not open.")
        return connection

    def _gone(self, connection: C) -> TransportClosedError:
        if self._closing.is_set():
            return TransportClosedError(f"The transport to {self.name} was closed.")
        return self._why_gone(connection)
