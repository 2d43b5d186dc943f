"""Which device is meant and how it is reached: what flash and open_transport look at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceOptions:
    """Unset (None) means: what the board file says, or the only one that there is."""

    serial_number: str | None = None  # of the probe; selects its serial port too
    port: str | None = None  # /dev/ttyACM0
    baud: int | None = None
    fast_baud: int | None = None  # to be negotiated once the session is up
    reset: str = "none"  # line that is pulsed when the port is opened: none, dtr, rts
    flasher: str | None = None
    gdbserver_port: int | None = None
    transcript: str | None = None  # file to record to
    replay: str | None = None  # transcript that stands in for the device
