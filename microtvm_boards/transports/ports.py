"""Which serial port is the board's: found by probe or USB id, never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from microtvm_boards.errors import TransportError, nearest


@dataclass(frozen=True)
class SerialPort:
    """One port of this computer. Everything but `device` is None where it isn't on USB."""

    device: str  # /dev/ttyACM0
    description: str
    serial_number: str | None = None  # of the probe
    usb_id: tuple[int, int] | None = None  # vendor, product

    def __str__(self) -> str:
        words = [self.device]
        if self.usb_id is not None:
            words.append(f"{self.usb_id[0]:04x}:{self.usb_id[1]:04x}")
        if self.serial_number:
            words.append(f"serial number {self.serial_number}")
        if self.description:
            words.append(f"({self.description})")
        return " ".join(words)


def list_ports() -> tuple[SerialPort, ...]:
    """The serial ports of this computer, by device name; those that aren't wired are left out."""
    from serial.tools import list_ports as pyserial

    return tuple(
        SerialPort(
            device=found.device,
            description=found.description if found.description not in (None, "n/a") else "",
            serial_number=found.serial_number or None,
            usb_id=None if found.vid is None else (found.vid, found.pid),
        )
        for found in sorted(pyserial.comports())
    )


def find_port(
    usb_ids: Iterable[tuple[int, int]],
    *,
    board: str,
    serial_number: str | None = None,
    port: str | None = None,
    ports: Sequence[SerialPort] | None = None,
) -> str:
    """The device of the one port that is meant.

    `port` wins; then `serial_number` (whole, in any case of letters), then `usb_ids`, the pairs of
    vendor and product id of `board`. `ports`: what there is to choose from; None: this computer's.
    Raises TransportError when no port fits, or more than one.
    """
    if ports is None:
        if port is not None and serial_number is None:
            return port  # need not be one that can be listed: a pty, a link
        ports = list_ports()
    wanted = list(usb_ids)
    if port is not None:
        return _named(port, serial_number, ports)
    if serial_number is not None:
        key = serial_number.casefold()
        fitting = [p for p in ports if (p.serial_number or "").casefold() == key]
        known = [p.serial_number for p in ports if p.serial_number]
        what = f"serial number {serial_number}"
        tip = nearest(serial_number, known)
    elif wanted:
        fitting = [p for p in ports if p.usb_id in wanted]
        what = "USB id " + " or ".join(f"{vid:04x}:{pid:04x}" for vid, pid in wanted)
        tip = ""
    else:
        raise TransportError(
            f"Board {board} doesn't say which USB id its serial port has.",
            details=_seen(ports),
            hint=f"--port with one of them, or usb_ids in the file of {board}",
        )
    if not fitting:
        raise TransportError(
            f"Board {board} needs a serial port with {what}; there is none.{tip}",
            details=_seen(ports),
            hint="plug the board in, then microtvm-boards doctor; or --port",
        )
    if len(fitting) > 1:
        numbers = {p.serial_number for p in fitting}
        distinct = len(numbers) == len(fitting) and None not in numbers
        raise TransportError(
            f"{len(fitting)} serial ports have {what}; which one is meant?",
            details=[str(p) for p in fitting],
            hint="--serial-number or --port with one of them" if distinct else "--port with one",
        )
    return fitting[0].device


def _named(port: str, serial_number: str | None, ports: Sequence[SerialPort]) -> str:
    """`port`, unless it is known to be another probe's than `serial_number` says."""
    for known in ports:
        if known.device == port and known.serial_number and serial_number is not None:
            if known.serial_number.casefold() == serial_number.casefold():
                break
            raise TransportError(
                f"{port} is not the port of {serial_number}: it has the serial number "
                f"{known.serial_number}.",
                hint="give --port or --serial-number, not both",
            )
    return port


def _seen(ports: Sequence[SerialPort]) -> list[str]:
    return [f"seen: {port}" for port in ports] or ["seen: no serial port at all"]
