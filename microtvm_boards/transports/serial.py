"""A board's UART behind a serial port of this computer. Opened and configured with pyserial."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from microtvm_boards.errors import TransportClosedError, TransportError, UsageError
from microtvm_boards.transports import port_errors
from microtvm_boards.transports.stream import ByteStream
from microtvm_boards.transports.stream_transport import StreamTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from serial import Serial

RESET_SECONDS = 0.1  # how long the reset line is held
_BITS_PER_BYTE = 10  # start bit, eight data bits, stop bit
_DRAIN_GRACE = 0.2  # seconds beyond the time of the bytes; an adapter has a buffer of its own
_POLL = 0.005
_UART_FIFO = 64  # bytes that a UART or adapter may hold beyond the kernel's buffer


@dataclass(frozen=True)
class SerialConnection:
    port: Serial
    stream: ByteStream  # of a duplicate of the port's descriptor

    def end(self) -> None:
        """Sends what is written already, if it goes out in time. A close alone would wait for it
        up to 30 s (closing_wait of Linux's drivers), on a board that takes nothing for all of them.
        """
        with contextlib.suppress(OSError, termios.error):  # unplugged
            self.drain()
            fcntl.ioctl(self.port.fileno(), termios.TIOCNXCL)
        self.port.close()

    def drain(self) -> None:
        """Until what is written is out; what doesn't go out in time is dropped."""
        waiting = self.port.out_waiting
        seconds = _DRAIN_GRACE + waiting * _BITS_PER_BYTE / self.port.baudrate
        deadline = time.monotonic() + seconds
        while self.port.out_waiting and time.monotonic() < deadline:
            time.sleep(_POLL)
        if self.port.out_waiting:
            termios.tcflush(self.port.fileno(), termios.TCOFLUSH)


class SerialTransport(StreamTransport[SerialConnection]):
    """The serial port `port` at `baud` bits per second, 8N1, no flow control, for us alone.

    `reset`: "dtr" or "rts" pulses that line at each `open`, "none" moves no line that the operating
    system doesn't move itself. `board`: for messages. `open` raises TransportError for a port that
    isn't there, isn't a serial port, is in use, or may not be opened, each with what to do.
    """

    def __init__(self, port: str, *, baud: int, reset: str = "none", board: str = "") -> None:
        super().__init__(f"{board} on {port}" if board else port)
        _require_rate(baud)
        if reset not in RESETS:
            raise UsageError(f'A reset line is one of {", ".join(RESETS)}; found "{reset}".')
        self.port = port
        self.baud: int | None = baud
        self._own_baud = baud
        self._reset = reset

    def set_baud(self, baud: int) -> None:
        """See Transport.set_baud; until `close`: each `open` takes the transport's own rate."""
        _require_rate(baud)
        connection = self._open_connection()
        port = connection.port
        before = port.baudrate
        try:
            connection.drain()
            # The kernel's buffer is empty; the UART's holds a few bytes more.
            time.sleep(_UART_FIFO * _BITS_PER_BYTE / before)
            _set_rate(port, baud, keep_lines=self._reset == "none")
        except (ValueError, OverflowError) as error:
            with contextlib.suppress(OSError, termios.error):
                _set_rate(port, before, keep_lines=self._reset == "none")
            raise port_errors.bad_baud(self.port, baud) from error
        except (OSError, termios.error) as error:  # unplugged
            raise self._gone(connection) from error
        self.baud = baud

    def _connect(self) -> SerialConnection:
        port_errors.require_port(self.port)
        self.baud = self._own_baud
        port = self._open_port()
        try:
            port_errors.require_alone(self.port)
            with contextlib.suppress(OSError):  # a driver without it
                fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
            _prepare(port, keep_lines=self._reset == "none")
            self._pulse(port)
            duplicate = os.dup(port.fileno())
            return SerialConnection(port, ByteStream(duplicate, duplicate))
        except BaseException:
            port.close()
            raise

    def _open_port(self) -> Serial:
        import serial

        port = serial.Serial(exclusive=True)  # no name: not opened yet
        port.port = self.port
        port.baudrate = self._own_baud
        try:
            port.open()
        except (ValueError, OverflowError) as error:  # pyserial's words for TCSETS2's refusal
            raise port_errors.bad_baud(self.port, self._own_baud) from error
        except OSError as error:  # SerialException is one; without a number when tcgetattr failed
            raise port_errors.cannot_open(self.port, error) from error
        except termios.error as error:
            reason = OSError(*error.args)
            raise port_errors.cannot_open(self.port, reason) from error
        return port

    def _pulse(self, port: Serial) -> None:
        try:
            RESETS[self._reset](port)
            if self._reset != "none":
                port.reset_input_buffer()  # what the board said before
        except OSError as error:
            if error.errno not in (errno.ENOTTY, errno.EINVAL):
                raise port_errors.cannot_open(self.port, error) from error
            raise TransportError(
                f"{self.port} has no line {self._reset} that could reset the board.",
                hint="reset=none, and the board's button",
            ) from error

    def _why_gone(self, connection: SerialConnection) -> TransportClosedError:
        if not Path(self.port).exists():
            return TransportClosedError(
                f"{self.name} is gone: it was unplugged.",
                hint="plug it in and run it again; if nobody touched it, check cable and power",
            )
        return TransportClosedError(
            f"{self.name} hung up: the adapter or probe restarted.",
            hint="check cable and power, and run it again",
        )


def _prepare(port: Serial, *, keep_lines: bool) -> None:
    """What ByteStream needs, and which pyserial sets otherwise.

    VMIN 1: with pyserial's 0 a read of nothing looks like the end of the line. Without HUPCL the
    last close leaves DTR and RTS as they are, so that no second open resets a board on these lines.
    """
    attributes = termios.tcgetattr(port.fileno())
    attributes[6][termios.VMIN] = 1
    attributes[6][termios.VTIME] = 0
    if keep_lines:
        attributes[2] &= ~termios.HUPCL
    termios.tcsetattr(port.fileno(), termios.TCSANOW, attributes)


def _require_rate(baud: int) -> None:
    if baud < 1:
        raise UsageError(f"A baud rate is a number of bits per second from 1; found {baud}.")


def _set_rate(port: Serial, baud: int, *, keep_lines: bool) -> None:
    """As pyserial does, which undoes `_prepare`."""
    port.baudrate = baud
    _prepare(port, keep_lines=keep_lines)


def _no_pulse(port: Serial) -> None:
    """Leaves the lines alone."""


def _pulse_dtr(port: Serial) -> None:
    """The Arduino circuit: a capacitor makes a pulse of DTR's edge, which then stays asserted."""
    port.dtr = False
    time.sleep(RESET_SECONDS)
    port.dtr = True


def _pulse_rts(port: Serial) -> None:
    """RTS wired to the reset pin: asserted holds the board in reset, so it ends released."""
    port.rts = True
    time.sleep(RESET_SECONDS)
    port.rts = False


RESETS: dict[str, Callable[[Serial], None]] = {
    "none": _no_pulse,
    "dtr": _pulse_dtr,
    "rts": _pulse_rts,
}
