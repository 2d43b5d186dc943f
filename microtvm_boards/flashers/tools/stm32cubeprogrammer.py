"""ST's STM32CubeProgrammer, over ST-LINK. Never tried: the program was not at hand.

Its messages are from users' logs and scripts (versions 2.5 to 2.20).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from microtvm_boards.flashers.base import FlashTarget
from microtvm_boards.flashers.failures import Failure, Pattern
from microtvm_boards.flashers.tool_flasher import ToolFlasher
from microtvm_boards.programs import Tool

PATTERNS = (
    Pattern(
        r"No (debug probe|ST-?L[Ii][Nn][Kk]) detected|[Ss]erial number not found|DEV_NO_STLINK",
        Failure.NO_PROBE,
    ),
    # Also for some seconds after a gdb server has ended.
    Pattern(
        r"DEV_CONNECT_ERR|DEV_USB_COMM_ERR",
        Failure.BUSY,
        "close the debugger or monitor that uses it; if there is none, plug the probe in again",
    ),
    Pattern(
        r"No STM32 target found|DEV_TARGET_CMD_ERR|Unable to get core ID",
        Failure.NO_TARGET,
        "check the board's power, or the setting mode: UR (connect under reset)",
    ),
    Pattern(r"Data mismatch found at address|Download verification failed", Failure.VERIFY),
    Pattern(r"may be not erased or protected|[Rr]ead.?out protection", Failure.PROTECTED),
)
_DEVICE_ID = re.compile(r"^Device ID\s*:\s*(0x[0-9A-Fa-f]+)")


class Stm32CubeProgrammerFlasher(ToolFlasher):
    name = "stm32cubeprogrammer"
    tool = Tool(
        ("STM32_Programmer_CLI", "STM32_Programmer.sh"),
        "flashes STM32 over ST-LINK",
        get="install STM32CubeProgrammer from st.com",
        folders=(
            "~/STMicroelectronics/STM32Cube/STM32CubeProgrammer/bin",
            "/opt/st/stm32cubeprogrammer/bin",
            "/usr/local/STMicroelectronics/STM32Cube/STM32CubeProgrammer/bin",
        ),
    )
    known_settings: ClassVar = {
        "interface": "SWD or JTAG",
        "mode": "NORMAL, HOTPLUG or UR (connect under reset)",
        "frequency": "of SWD in kHz",
        "device_id": "the chip's, e.g. 0x421; another one isn't written",
    }
    probe_kinds = frozenset({"ST-LINK"})
    patterns = PATTERNS

    def commands(self, target: FlashTarget, program: str) -> list[list[str]]:
        connect = [program, "-c", f"port={target.text('interface') or 'SWD'}"]
        for option, value in (
            ("sn", target.serial_number),
            ("mode", target.text("mode")),
            ("freq", target.text("frequency")),
        ):
            if value:
                connect.append(f"{option}={value}")
        write = [*connect, "-w", str(target.firmware), "-v", "-rst"]
        return [connect, write] if "device_id" in target.settings else [write]

    def judge(self, target: FlashTarget, lines: Sequence[str], *, last: bool) -> Failure | None:
        """It has been seen to print an error, go on, and end with status 0."""
        if any(line.startswith("Error:") for line in lines):
            return Failure.OTHER
        wanted = target.settings.get("device_id")
        found = [int(m[1], 16) for line in lines if (m := _DEVICE_ID.match(line))]
        if wanted is not None and found and found[0] != int(str(wanted), 0):
            return Failure.WRONG_TARGET
        if last and not any("Download verified successfully" in line for line in lines):
            return Failure.OTHER
        return None
