"""How long to wait for an answer: from bytes, the line's rate, and how long the model took."""

from __future__ import annotations

from dataclasses import dataclass

_BITS_PER_BYTE = 10  # start bit, eight data bits, stop bit
_ESCAPES = 2  # every byte may be sent as two
# Without a baud rate (a pipe, an emulator): far below what was ever measured, so that only a line
# that stands still runs into it.
_SLOWEST_BYTES_PER_SECOND = 20_000.0


@dataclass(frozen=True)
class Pace:
    """How fast a line and a device are. All times in seconds.

    baud: bits per second of the UART; None where nothing limits the rate.
    grace: what every answer may take besides the time of its bytes and of the model. Covers a
        computer under load, not the device.
    first_run: what a model may take that has never run here (600 million multiply-accumulates at
        ten cycles each and 100 MHz).
    margin: how many times longer than ever before a model may take.
    start: how long a device may take to accept a session. retry: when the request for one is sent
        again for the first time; later ones come later.
    """

    baud: int | None = None
    grace: float = 10.0
    first_run: float = 60.0
    margin: float = 8.0
    start: float = 30.0
    retry: float = 1.0

    def patient(self) -> Pace:
        """For a device that a debugger stops: only its end ends the wait."""
        ever = float("inf")
        return Pace(self.baud, grace=ever, first_run=ever, start=ever, retry=ever)


def wire_seconds(pace: Pace, payload_bytes: int) -> float:
    """The longest that frames with so many bytes take on the line."""
    raw = _ESCAPES * payload_bytes
    if pace.baud is None:
        return raw / _SLOWEST_BYTES_PER_SECOND
    return raw * _BITS_PER_BYTE / pace.baud


def answer_seconds(pace: Pace, *, sent: int, expected: int, work: float = 0.0) -> float:
    """The deadline of one call: `sent` and `expected` bytes go over the line, and the device
    computes for at most `work` seconds.
    """
    return pace.grace + wire_seconds(pace, sent + expected) + work


def run_seconds(pace: Pace, longest: float | None, runs: int = 1) -> float:
    """How long `runs` runs of a model may take. `longest`: the longest run so far; None: it never
    ran.
    """
    one = pace.first_run if longest is None else pace.margin * longest
    return runs * one
