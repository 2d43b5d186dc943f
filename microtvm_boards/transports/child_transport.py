"""What the transports to a child process share: ending it, and saying how it ended."""

from __future__ import annotations

from dataclasses import dataclass

from microtvm_boards.errors import TransportClosedError
from microtvm_boards.transports.child import Child
from microtvm_boards.transports.stream import ByteStream
from microtvm_boards.transports.stream_transport import StreamTransport

LAST_WORDS = 1.0  # seconds that a child gets to end after its stream did


@dataclass(frozen=True)
class Connection:
    child: Child
    stream: ByteStream

    def end(self) -> None:
        self.child.end()


class ChildTransport(StreamTransport[Connection]):
    """Starts a process at `open` and ends it at `close`."""

    def _last_words(self, connection: Connection) -> tuple[str, ...]:
        return connection.child.last_words()

    def _why_gone(self, connection: Connection) -> TransportClosedError:
        child = connection.child
        if child.wait(LAST_WORDS):
            return TransportClosedError(
                f"{self.name} {child.ending()}.", details=child.last_words()
            )
        return TransportClosedError(
            f"{self.name} closed the connection, but is still running.", details=child.last_words()
        )
