"""Flashes with the library pyOCD: `python -m microtvm_boards.flashers.tools.pyocd_program ...`.

The flasher "pyocd" runs it as a process of its own, which it can end when a probe's driver hangs.
A failure ends with the lines `hint: ...` and `failed (<failure>): <cause>`, which it reads.
Tried with pyOCD 0.46 and a stand-in for the probe.
"""

from __future__ import annotations

import argparse
import logging
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyocd
from pyocd.core import exceptions
from pyocd.core.helpers import ConnectHelper
from pyocd.core.session import Session
from pyocd.flash.loader import FlashLoader
from pyocd.target import TARGET, normalise_target_type_name
from pyocd.target.pack.pack_target import ManagedPacks, PackTargets

from microtvm_boards.errors import nearest
from microtvm_boards.flashers.failures import Failure, FlashFailedError, classify
from microtvm_boards.flashers.tools.pyocd import PATTERNS

# DBGMCU_IDCODE: F1, F2, F4, F7, L4; H7; U5, L5; F0, G0, L0.
_ID_REGISTERS = (0xE0042000, 0x5C001000, 0xE0044000, 0x40015800)
_READ_BYTES = 4096


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0 when the flash was read back and holds the image."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(message)s")
    options = _parse(arguments)
    try:
        print(_flash(options), flush=True)
    except FlashFailedError as error:
        return _report(error)
    except Exception as error:  # of pyOCD, of libusb below it, of a plug-in: each has its own
        return _report(_explained(error))
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Writes a binary with pyOCD and reads it back.")
    parser.add_argument("--target", required=True, help="the chip")
    parser.add_argument("--address", required=True, type=_number, help="of the first byte")
    parser.add_argument("--core", help="cortex-m4, ...: another one isn't written")
    parser.add_argument("--device-id", type=_number, help="of an STM32: another one isn't written")
    parser.add_argument("--uid", help="serial number of the probe")
    parser.add_argument("--pack", type=Path, help="CMSIS pack with that chip")
    parser.add_argument("--frequency", type=_number, help="of SWD in Hz")
    parser.add_argument("--connect", choices=("halt", "pre-reset", "under-reset", "attach"))
    parser.add_argument("binary", type=Path)
    return parser.parse_args(arguments)


def _number(text: str) -> int:
    return int(text, 0)


def _flash(options: argparse.Namespace) -> str:
    target = _find_target(options.target, options.pack)
    probe = _find_probe(options.uid)
    data = options.binary.read_bytes()
    wanted = {
        "target_override": target,
        "frequency": options.frequency,
        "connect_mode": options.connect,
    }
    with Session(probe, options={k: v for k, v in wanted.items() if v is not None}) as session:
        _check_core(session, options.core)
        _check_device(session, options.device_id)
        _write(session, options.address, data)
        _compare(session, options.address, data)
        session.target.reset()
    return (
        f"{len(data):,} bytes at {options.address:#010x} hold what was written "
        f"(pyOCD {pyocd.__version__}, {probe.description} {probe.unique_id})"
    )


# The chip


def _find_target(name: str, pack: Path | None) -> str:
    """pyOCD's name of a target that is built in, or in `pack`, or in a pack that is installed."""
    target: str = normalise_target_type_name(name)
    if pack is not None:
        try:
            PackTargets.populate_targets_from_pack(str(pack.expanduser()))
        except (OSError, exceptions.TargetSupportError, zipfile.BadZipFile) as error:
            raise FlashFailedError(
                f"the CMSIS pack {pack} can't be used: {error}",
                Failure.CONFIG,
                hint="the setting pack in the board file",
            ) from error
    elif target not in TARGET:
        ManagedPacks.populate_target(target)
    if target not in TARGET:
        where = f"in {pack}" if pack is not None else "built into pyOCD or in an installed pack"
        advice = (
            f"pyocd pack install {target}"
            if pack is None
            else "the setting target, or another pack, in the board file"
        )
        # Not any other chip: 9 letters are an STM32's line, as in stm32h743.
        near = nearest(target, [name for name in TARGET if name[:9] == target[:9]])
        cause = f'no "{target}" is {where}.{near}'
        raise FlashFailedError(cause, Failure.UNKNOWN_TARGET, hint=advice)
    return target


def _check_core(session: Session, wanted: str | None) -> None:
    found = [str(core.name) for core in session.target.cores.values()]
    known = [name.lower().replace("+", "plus") for name in found if name.startswith("Cortex-M")]
    # Zephyr's names end with an f where there is an FPU.
    if wanted and wanted.startswith("cortex-m") and known and wanted.rstrip("f") not in known:
        cause = f"the board has a {wanted}, this is a {' and a '.join(found)}"
        raise FlashFailedError(cause, Failure.WRONG_TARGET)


def _check_device(session: Session, wanted: int | None) -> None:
    if wanted is None:
        return
    found = []
    for register in _ID_REGISTERS:
        try:
            found.append(session.target.read32(register) & 0xFFF)
        except exceptions.TransferError:  # nothing is there on this chip
            continue
    if wanted not in found:
        seen = " or ".join(f"{number:#x}" for number in found if number) or "none"
        cause = f"device id {wanted:#x} is needed, found: {seen}"
        raise FlashFailedError(cause, Failure.WRONG_TARGET)


# The probe


def _find_probe(number: str | None) -> Any:
    """The one that is meant; it isn't waited for."""
    notes = _Notes()
    logging.getLogger("pyocd").addHandler(notes)
    probes = ConnectHelper.get_all_connected_probes(blocking=False)
    fitting = [p for p in probes if number is None or _same(p.unique_id, number)]
    if len(fitting) == 1:
        return fitting[0]
    for probe in probes:
        print(f"{probe.unique_id}: {probe.description}")
    if fitting:
        raise FlashFailedError(
            f"{len(fitting)} probes are plugged in",
            Failure.SEVERAL_PROBES,
            hint="--serial-number with one of them",
        )
    # A probe that may not be opened isn't listed, a warning says so.
    denied = classify(notes.lines, PATTERNS)
    if denied.failure is Failure.PERMISSION:
        raise FlashFailedError("a probe may not be opened", Failure.PERMISSION)
    what = "no probe" if number is None else f"no probe with serial number {number}"
    raise FlashFailedError(f"pyOCD finds {what}", Failure.NO_PROBE)


def _same(unique_id: str, number: str) -> bool:
    """pyOCD doesn't tell a J-Link's leading zeros, and the 12 bytes of an ST-LINK/V2 in hex."""
    names = {number.casefold().lstrip("0")}
    if len(number) == 12:
        names.add(number.encode("utf-16-le")[::2].hex())
    return bool({unique_id.casefold(), unique_id.casefold().lstrip("0")} & names)


class _Notes(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


# The flash


def _write(session: Session, address: int, data: bytes) -> None:
    at, end = address, address + len(data)
    while at < end:  # banks are regions of their own
        region = session.target.memory_map.get_region_for_address(at)
        if region is None or not region.is_flash:
            cause = f"{session.options.get('target_override')} has no flash at {at:#010x}"
            raise FlashFailedError(cause, Failure.WRONG_TARGET)
        at = region.end + 1
    # By sectors: what else is in the flash stays.
    loader = FlashLoader(session, progress=_Progress("erasing and writing"), chip_erase="sector")
    loader.add_data(address, data)
    loader.commit()


def _compare(session: Session, address: int, data: bytes) -> None:
    progress = _Progress("reading back")
    for start in range(0, len(data), _READ_BYTES):
        wanted = data[start : start + _READ_BYTES]
        found = bytes(session.target.read_memory_block8(address + start, len(wanted)))
        if found != wanted:
            at = next(i for i in range(len(wanted)) if found[i] != wanted[i])
            raise FlashFailedError(
                f"{address + start + at:#010x} holds {found[at]:#04x}, "
                f"{wanted[at]:#04x} was written",
                Failure.VERIFY,
            )
        progress((start + len(wanted)) / len(data))


class _Progress:
    """Takes a share of 1, prints each tenth once."""

    def __init__(self, what: str) -> None:
        self._what, self._tenths = what, -1

    def __call__(self, share: float) -> None:
        tenths = int(share * 10)
        if tenths != self._tenths:
            self._tenths = tenths
            print(f"{self._what}: {tenths * 10} %", flush=True)


# Failures


def _explained(error: Exception) -> FlashFailedError:
    """By what it says, or else by its kind."""
    cause = str(error) or type(error).__name__
    pattern = classify([cause], PATTERNS)
    failure = pattern.failure
    if failure is Failure.OTHER and isinstance(error, exceptions.TransferError):
        failure = Failure.NO_TARGET
    if failure is Failure.OTHER and isinstance(error, exceptions.ProbeDisconnected):
        failure = Failure.NO_PROBE
    return FlashFailedError(f"{type(error).__name__}: {cause}", failure, hint=pattern.hint)


def _report(error: FlashFailedError) -> int:
    if error.hint:
        print(f"hint: {error.hint}")
    print(f"failed ({error.failure.name}): {error.cause}", flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
