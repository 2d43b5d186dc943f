"""Which device is meant and how it is reached: what flash and open_transport look at."""

from __future__ import annotations

from dataclasses import dataclass

from microtvm_boards.project.options.declare import Method, OptionSpec, Reach, option

_FLASH: tuple[Method, ...] = ("flash",)
_OPEN: tuple[Method, ...] = ("open_transport",)

RESETS = ("none", "dtr", "rts")


@dataclass(frozen=True)
class DeviceOptions:
    """Unset (None) means: what the board file says, or the only one that there is."""

    flasher: str | None = option(
        None,
        OptionSpec(
            "The tool that flashes; the first one of the board that is installed when unset.",
            optional=_FLASH,
            reach=Reach.NOTHING,
        ),
    )
    serial_number: str | None = option(
        None,
        OptionSpec(
            "Serial number of the probe, where several boards are plugged in.",
            optional=_FLASH + _OPEN,
            reach=Reach.NOTHING,
        ),
    )
    port: str | None = option(
        None,
        OptionSpec(
            "Serial port of the board, e.g. /dev/ttyACM0; found by probe or USB ids when unset.",
            optional=_FLASH + _OPEN,
            reach=Reach.NOTHING,
        ),
    )
    baud: int | None = option(
        None,
        OptionSpec(
            "Bits per second of the serial port; those of the board file when unset.",
            optional=_OPEN,
            reach=Reach.NOTHING,
        ),
    )
    fast_baud: int | None = option(
        None,
        OptionSpec(
            "Higher bits per second, tried once the session is up (entry point packed; not with "
            "tvmc).",
            optional=_OPEN,
            reach=Reach.NOTHING,
        ),
    )
    reset: str = option(
        "none",
        OptionSpec(
            "Line of the serial port that resets the board when the port is opened.",
            optional=_OPEN,
            choices=RESETS,
            reach=Reach.NOTHING,
        ),
    )
    transcript: str | None = option(
        None,
        OptionSpec(
            "File to record to what goes over the transport, as lines of JSON.",
            optional=_OPEN,
            reach=Reach.NOTHING,
        ),
    )
    replay: str | None = option(
        None,
        OptionSpec(
            "A transcript that stands in for the device.",
            optional=_OPEN,
            reach=Reach.NOTHING,
        ),
    )
    gdbserver_port: int | None = option(
        None,
        OptionSpec(
            "Port on which the emulator waits for gdb; for the flasher gdb, port of the gdb "
            "server.",
            optional=_FLASH + _OPEN,
            reach=Reach.NOTHING,
        ),
    )
