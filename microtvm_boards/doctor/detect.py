"""Which boards are plugged in: probes and serial ports, matched with board files by USB id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from microtvm_boards.boards import Board, load_known
from microtvm_boards.flashers.probes import Probe, list_probes
from microtvm_boards.transports.ports import SerialPort, list_ports


@dataclass(frozen=True)
class Detected:
    """One probe or USB serial adapter. `boards`: those that may be behind it, by USB id: many
    boards have the same probe."""

    serial_number: str | None
    usb_id: tuple[int, int]
    kind: str  # of the probe; "serial port" for what is no probe
    product: str
    ports: tuple[str, ...]
    boards: tuple[str, ...]


def detect(
    *, ports: Sequence[SerialPort] | None = None, probes: Sequence[Probe] | None = None
) -> list[Detected]:
    """What is plugged in, probes first. `ports` and `probes`: None is this computer's."""
    left = [p for p in (list_ports() if ports is None else ports) if p.usb_id is not None]
    boards, _ = load_known()
    found = []
    for probe in list_probes() if probes is None else probes:
        own = [
            p for p in left if (p.usb_id, p.serial_number) == (probe.usb_id, probe.serial_number)
        ]
        left = [p for p in left if p not in own]
        found.append(
            Detected(
                probe.serial_number,
                probe.usb_id,
                probe.kind,
                probe.product,
                tuple(p.device for p in own),
                _boards_with(probe.usb_id, boards),
            )
        )
    for port in left:
        if port.usb_id is not None:
            known = _boards_with(port.usb_id, boards)
            found.append(
                Detected(
                    port.serial_number,
                    port.usb_id,
                    "serial port",
                    port.description,
                    (port.device,),
                    known,
                )
            )
    return found


def _boards_with(usb_id: tuple[int, int], boards: Sequence[Board]) -> tuple[str, ...]:
    return tuple(b.name for b in boards if usb_id in [(u.vid, u.pid) for u in b.usb_ids])
