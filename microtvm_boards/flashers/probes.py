"""Debug probes on this computer's USB, also those without a serial port. From Linux's sysfs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SYSFS = Path("/sys/bus/usb/devices")

_ST = 0x0483
_ST_LINKS = frozenset(
    (0x3744, 0x3748, 0x374A, 0x374B, 0x374D, 0x374E, 0x374F, 0x3752, 0x3753, 0x3754, 0x3755, 0x3757)
)
_ST_DFU = 0xDF11
_SEGGER = 0x1366


@dataclass(frozen=True)
class Probe:
    kind: str  # "ST-LINK", "J-Link", "CMSIS-DAP" or "DFU"
    usb_id: tuple[int, int]  # vendor, product
    serial_number: str | None
    product: str

    def __str__(self) -> str:
        number = f"serial number {self.serial_number}" if self.serial_number else "no serial number"
        return f"{self.kind} {self.usb_id[0]:04x}:{self.usb_id[1]:04x} {number} ({self.product})"


def list_probes(sysfs: Path = SYSFS) -> tuple[Probe, ...]:
    """The probes that are plugged in, by kind and serial number; none where there is no sysfs."""
    found = []
    for device in _children(sysfs):
        vendor, product = _hex(device / "idVendor"), _hex(device / "idProduct")
        if vendor is None or product is None:
            continue
        name = _text(device / "product")
        kind = _kind(vendor, product, name)
        if kind is not None:
            found.append(Probe(kind, (vendor, product), _text(device / "serial") or None, name))
    return tuple(sorted(found, key=lambda p: (p.kind, p.serial_number or "")))


def _kind(vendor: int, product: int, name: str) -> str | None:
    if vendor == _ST and product in _ST_LINKS:
        return "ST-LINK"
    if vendor == _ST and product == _ST_DFU:
        return "DFU"
    if vendor == _SEGGER:
        return "J-Link"
    return "CMSIS-DAP" if "CMSIS-DAP" in name else None  # what the standard asks of its name


def _children(path: Path) -> Iterable[Path]:
    try:
        return sorted(path.iterdir())
    except OSError:
        return ()


def _hex(path: Path) -> int | None:
    try:
        return int(_text(path), 16)
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""
