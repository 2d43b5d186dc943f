"""OpenOCD. Tried with 0.12 without hardware; `adapter serial` is not in 0.11 and before."""

from __future__ import annotations

from typing import ClassVar

from microtvm_boards.flashers.base import FlashTarget
from microtvm_boards.flashers.failures import Failure, Pattern
from microtvm_boards.flashers.tool_flasher import ToolFlasher
from microtvm_boards.programs import Tool

PATTERNS = (
    Pattern(r"Can't find .*\.cfg", Failure.CONFIG, "the setting config: a file of OpenOCD's"),
    Pattern(r"LIBUSB_ERROR_ACCESS", Failure.PERMISSION),
    Pattern(r"LIBUSB_ERROR_BUSY|unable to claim", Failure.BUSY),
    Pattern(
        r"Error: open failed|unable to find a matching CMSIS-DAP device|No J-Link device found"
        r"|no device found|unable to open ftdi device",
        Failure.NO_PROBE,
    ),
    Pattern(r"UNEXPECTED idcode|expected \d+ of \d+:", Failure.WRONG_TARGET),
    Pattern(r"device (is )?(protected|secured)|stm32x device protected", Failure.PROTECTED),
    # `program verify` says the first, `verify_image`, which west uses, only the second
    Pattern(r"\*\* Verify Failed \*\*|checksum mismatch", Failure.VERIFY),
    Pattern(
        r"unable to connect to the target|Error connecting DP|target voltage may be too low"
        r"|Target not examined|\*\* Unable to reset target \*\*",
        Failure.NO_TARGET,
    ),
)


class OpenOcdFlasher(ToolFlasher):
    name = "openocd"
    tool = Tool(("openocd",), "flashes over SWD and JTAG", ("openocd",))
    known_settings: ClassVar = {"config": "files of OpenOCD's, e.g. board/st_nucleo_f4.cfg"}
    required = ("config",)
    patterns = PATTERNS

    def commands(self, target: FlashTarget, program: str) -> list[list[str]]:
        command = [program]
        for config in (target.text("config") or "").split():
            command += ["-f", config]
        if target.serial_number:
            command += ["-c", f"adapter serial {target.serial_number}"]
        # Braces: Tcl takes what is in them as it is.
        return [[*command, "-c", f"program {{{target.firmware}}} verify reset exit"]]
