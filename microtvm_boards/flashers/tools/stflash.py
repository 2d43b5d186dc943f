"""st-flash of stlink-tools. Tried with 1.7.0 without hardware; it verifies by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from microtvm_boards.flashers.base import FlashTarget
from microtvm_boards.flashers.failures import Failure, Pattern
from microtvm_boards.flashers.tool_flasher import ToolFlasher
from microtvm_boards.programs import Tool

PATTERNS = (
    Pattern(r"LIBUSB_ERROR_ACCESS|libusb error: -3", Failure.PERMISSION),
    Pattern(r"unable to claim|LIBUSB_ERROR_BUSY", Failure.BUSY),
    Pattern(r"Couldn't find .*ST-Link devices", Failure.NO_PROBE),
    Pattern(r"unknown chip id|unknown coreid", Failure.WRONG_TARGET),
    Pattern(r"Verification of flash failed", Failure.VERIFY),
    Pattern(
        r"Could not find chip id|Can ?not connect to target|Failed to connect to target"
        r"|Failed to read core_id",
        Failure.NO_TARGET,
        "check the board's power, or the setting under_reset: true",
    ),
    Pattern(r"Failed to unlock flash|Flash unlock failed", Failure.PROTECTED),
)


class StFlashFlasher(ToolFlasher):
    name = "stflash"
    tool = Tool(("st-flash",), "flashes STM32 over ST-LINK", ("stlink-tools",))
    known_settings: ClassVar = {"under_reset": "true: connect while the chip is held in reset"}
    takes_binary = True
    probe_kinds = frozenset({"ST-LINK"})
    patterns = PATTERNS

    def commands(self, target: FlashTarget, program: str) -> list[list[str]]:
        command = [program]
        if target.serial_number:
            command += ["--serial", target.serial_number]
        if target.settings.get("under_reset") is True:
            command.append("--connect-under-reset")
        return [[*command, "--reset", "write", str(target.binary), target.address]]

    def judge(self, target: FlashTarget, lines: Sequence[str], *, last: bool) -> Failure | None:
        verified = any("Flash written and verified" in line for line in lines)
        return None if verified else Failure.OTHER
