"""stm32flash: the serial bootloader in every STM32 (ST's AN3155). Tried with 0.7."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from microtvm_boards.flashers.base import FlashTarget
from microtvm_boards.flashers.failures import Failure, Pattern
from microtvm_boards.flashers.tool_flasher import ToolFlasher
from microtvm_boards.programs import Tool

PATTERNS = (
    Pattern(r"Permission denied", Failure.PERMISSION, "sudo usermod -aG dialout $USER"),
    Pattern(r"is already open|[Rr]esource busy", Failure.BUSY),
    Pattern(r"Failed to open port|Cannot handle device", Failure.NO_PORT),
    Pattern(
        r"Failed to init device|Failed to send boot enter sequence",
        Failure.NO_TARGET,
        "start the board's bootloader (BOOT0 high, then reset), or the setting entry",
    ),
    Pattern(r"Unknown/unsupported device", Failure.WRONG_TARGET),
    Pattern(r"Failed to verify at address", Failure.VERIFY),
    Pattern(r"write-protected|read-protected|Failed to .*-?unprotect", Failure.PROTECTED),
)
_DEVICE_ID = re.compile(r"^Device ID\s*:\s*(0x[0-9A-Fa-f]+)")


class Stm32FlashFlasher(ToolFlasher):
    name = "stm32flash"
    needs_port = True
    tool = Tool(("stm32flash",), "flashes STM32 over its serial bootloader", ("stm32flash",))
    known_settings: ClassVar = {
        "baud": "bits per second, 57600 when unset",
        "mode": "of the serial port, 8e1 when unset",
        "entry": "lines that start the bootloader, as stm32flash -i takes them, e.g. rts,-rts",
        "device_id": "the chip's, e.g. 0x413; another one isn't written",
    }
    takes_binary = True
    patterns = PATTERNS
    seconds = 600.0  # 1 MiB at 57600 baud, written and read back

    def commands(self, target: FlashTarget, program: str) -> list[list[str]]:
        port = str(target.port)
        options: list[str] = []
        for flag, name in (("-b", "baud"), ("-m", "mode"), ("-i", "entry")):
            if value := target.text(name):
                options += [flag, value]
        write = ["-w", str(target.binary), "-v", "-S", target.address, "-g", target.address]
        commands = [[program, *options, *write, port]]
        if "device_id" in target.settings:
            commands.insert(0, [program, *options, port])
        return commands

    def judge(self, target: FlashTarget, lines: Sequence[str], *, last: bool) -> Failure | None:
        wanted = target.settings.get("device_id")
        found = [int(m[1], 16) for line in lines if (m := _DEVICE_ID.match(line))]
        if wanted is not None and found and found[0] != int(str(wanted), 0):
            return Failure.WRONG_TARGET
        return None
