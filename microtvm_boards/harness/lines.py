"""Lines from a transport, bounded in time and length; says what was seen when none comes."""

from __future__ import annotations

import time

from microtvm_boards.errors import DeviceError, TransportClosedError, TransportTimeoutError
from microtvm_boards.harness.protocol import printable
from microtvm_boards.transports.base import Transport

_CHUNK = 4096
_REMEMBERED = 400  # bytes, of what was read last, for messages


class LineReader:
    def __init__(self, transport: Transport, limit: int) -> None:
        """`limit`: the most bytes that a line may have."""
        self._transport = transport
        self._limit = limit
        self._rest = bytearray()  # read and not yet part of a line
        self._seen = b""

    def line(self, deadline: float, waiting_for: str) -> str:
        """The next line without its end. `deadline` is a time of time.monotonic().

        Raises TransportTimeoutError, TransportClosedError, and DeviceError for a line that is too
        long. Bytes that aren't UTF-8 become \\xNN.
        """
        while (end := self._rest.find(b"\n")) < 0:
            if len(self._rest) > self._limit:
                raise DeviceError(
                    f"The board printed a line of more than {self._limit} bytes, which no answer "
                    "of this project has.",
                    details=self._last_bytes(),
                    hint="check that the firmware on the board is this project's, and the baud "
                    "rate",
                )
            self._read(deadline, waiting_for)
        raw = bytes(self._rest[:end])
        del self._rest[: end + 1]
        return raw.decode("utf-8", "backslashreplace").removesuffix("\r")

    def forget_partial_line(self) -> None:
        self._rest.clear()

    def _read(self, deadline: float, waiting_for: str) -> None:
        left = max(0.0, deadline - time.monotonic())
        try:
            data = self._transport.read(_CHUNK, left)
        except TransportTimeoutError as error:
            silent = not self._seen
            raise TransportTimeoutError(
                f"The board {'said nothing' if silent else 'went silent'} "
                f"while {waiting_for} was awaited.",
                details=self._last_bytes(),
                hint="check that it is flashed, powered and on the right port"
                if silent
                else "the model may take longer: allow more time",
            ) from error
        except TransportClosedError as error:
            raise TransportClosedError(
                f"The board went away while {waiting_for} was awaited: {error.cause}",
                details=[*error.details, *self._last_bytes()],
                hint=error.hint,
                log=error.log,
            ) from error
        self._rest += data
        self._seen = (self._seen + data)[-_REMEMBERED:]

    def _last_bytes(self) -> list[str]:
        return [f"the last bytes were {printable(self._seen)}"] if self._seen else []
