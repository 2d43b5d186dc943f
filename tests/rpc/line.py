"""A transport without a wire: what is written gets its answer at once."""

from __future__ import annotations

from collections.abc import Callable

from microtvm_boards.errors import TransportTimeoutError
from microtvm_boards.rpc.frames import Decoder
from microtvm_boards.rpc.messages import VERSION, Kind, Message, parse_message
from microtvm_boards.transports.base import Transport

DEVICE_NONCE = 0x55


class Line(Transport):
    """Accepts every session. `answer` gets each message of a session and gives the raw bytes that
    come back; a read of what isn't there times out without waiting.
    """

    def __init__(self, answer: Callable[[Message], bytes]) -> None:
        self.sessions: list[int] = []
        self._answer = answer
        self._decoder = Decoder()
        self._incoming = b""

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def put(self, data: bytes) -> None:
        """What the device sends unasked."""
        self._incoming += data

    def read(self, n: int, timeout: float | None) -> bytes:
        if not self._incoming:
            raise TransportTimeoutError("nothing came")
        data, self._incoming = self._incoming[:n], self._incoming[n:]
        return data

    def write(self, data: bytes, timeout: float | None) -> None:
        for payload in self._decoder.feed(data):
            message = parse_message(payload)
            assert message is not None
            if message.kind == Kind.START_INIT:
                self.sessions.append(message.session_id | DEVICE_NONCE << 8)
                self.put(Message(self.sessions[-1], Kind.START_REPLY, bytes([VERSION])).frame())
            elif message.kind == Kind.NORMAL:
                self.put(self._answer(message))
