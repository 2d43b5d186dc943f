"""The contract of every transport: a byte stream with deadlines."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TypeVar

from microtvm_boards.errors import UsageError

Self = TypeVar("Self", bound="Transport")


class Transport(ABC):
    """Bytes to and from one device. Not thread-safe, except that `close` may come from any thread.

    Time-outs are seconds; 0 means "what is possible at once", None means "wait for ever".
    The contract is the Project API's (read_transport and write_transport, TVM v0.16
    project_api/server.py), so that the server passes calls through.
    """

    baud: int | None = None  # bits per second of the line as it is now; None: nothing limits it

    @abstractmethod
    def open(self) -> None:
        """Connects. A transport can be opened again after `close`, any number of times."""

    @abstractmethod
    def close(self) -> None:
        """Disconnects and ends what `open` started; harmless when not open."""

    @abstractmethod
    def read(self, n: int, timeout: float | None) -> bytes:
        """1 to n bytes, as soon as there are any; with timeout None exactly n.

        Raises TransportTimeoutError when none came in time, TransportClosedError when the other
        side is gone and nothing is left to read, or when this transport is not open.
        """

    @abstractmethod
    def write(self, data: bytes, timeout: float | None) -> None:
        """Writes all of `data` or raises TransportTimeoutError or TransportClosedError."""

    def set_baud(self, baud: int) -> None:
        """From now on `baud` bits per second on an open serial line, once what is written is out.

        Raises UsageError for a rate that can't be set, and where the line has none;
        TransportClosedError as `read`.
        """
        raise UsageError("This transport is no serial line: it has no baud rate.")

    def __enter__(self: Self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
