"""dfu-util with ST's DfuSe: the USB bootloader in most STM32. Tried with 0.11 without hardware.

It doesn't verify: what it wrote is read back and compared here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from microtvm_boards.errors import FlashError
from microtvm_boards.flashers.base import FlashTarget
from microtvm_boards.flashers.failures import Failure, Pattern
from microtvm_boards.flashers.tool_flasher import ToolFlasher
from microtvm_boards.programs import Tool

PATTERNS = (
    Pattern(r"LIBUSB_ERROR_ACCESS|Cannot open DFU device", Failure.PERMISSION),
    Pattern(r"LIBUSB_ERROR_BUSY", Failure.BUSY),
    Pattern(
        r"No DFU capable USB device available",
        Failure.NO_PROBE,
        "start the board's bootloader: BOOT0 high, then reset, with its USB plugged in",
    ),
    Pattern(r"More than one DFU capable USB device found", Failure.SEVERAL_PROBES),
    Pattern(
        r"is not writeable|does not match device|Failed to parse memory layout|non-DfuSe device",
        Failure.WRONG_TARGET,
    ),
    Pattern(r"dfuERROR|errVENDOR", Failure.PROTECTED),
)
_ST_DFU = "0483:df11"


class DfuFlasher(ToolFlasher):
    name = "dfu"
    tool = Tool(("dfu-util",), "flashes STM32 over its USB bootloader", ("dfu-util",))
    known_settings: ClassVar = {
        "usb_id": f"of the bootloader, {_ST_DFU} when unset",
        "alt": "the number of its flash memory, 0 when unset",
    }
    takes_binary = True
    probe_kinds = frozenset({"DFU"})
    patterns = PATTERNS

    def prepare(self, target: FlashTarget) -> None:
        """dfu-util doesn't overwrite the file that it reads into."""
        try:
            _read_back(target).unlink(missing_ok=True)
        except OSError as error:
            raise FlashError(f"{_read_back(target)} can't be removed: {error.strerror}.") from error

    def commands(self, target: FlashTarget, program: str) -> list[list[str]]:
        command = [program, "--device", target.text("usb_id") or _ST_DFU]
        command += ["--alt", target.text("alt") or "0"]
        if target.serial_number:
            command += ["--serial", target.serial_number]
        size = len(target.image.data) if target.image else 0
        back = f"{target.address}:{size}:leave"  # the bootloader ends after the reading
        return [
            [*command, "--dfuse-address", target.address, "--download", str(target.binary)],
            [*command, "--dfuse-address", back, "--upload", str(_read_back(target))],
        ]

    def judge(self, target: FlashTarget, lines: Sequence[str], *, last: bool) -> Failure | None:
        if not last or target.image is None:
            return None
        try:
            same = _read_back(target).read_bytes() == target.image.data
        except OSError:
            return Failure.OTHER
        return None if same else Failure.VERIFY


def _read_back(target: FlashTarget) -> Path:
    return target.build_dir / "flash.read.bin"
