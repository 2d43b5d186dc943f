"""SEGGER's J-Link Commander. It has been seen to end with status 0 after a failure.

Never tried: neither the program nor a J-Link was at hand. Its words are from users' logs (versions
4.96 to 8.24), except those for several J-Links, which are from memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from microtvm_boards.flashers.base import FlashTarget
from microtvm_boards.flashers.failures import Failure, Pattern
from microtvm_boards.flashers.image import write_text
from microtvm_boards.flashers.tool_flasher import ToolFlasher
from microtvm_boards.programs import Tool

PATTERNS = (
    Pattern(
        # Not "J-Link connection not established yet but required for command": each run says that.
        r"Cannot connect to J-Link|via USB\.\.\.\s*FAILED",
        Failure.NO_PROBE,
    ),
    Pattern(r"[Mm]ultiple (J-Links|emulators|probes)|Select emulator", Failure.SEVERAL_PROBES),
    Pattern(
        r"is unknown to this|Unknown device|Invalid device",
        Failure.UNKNOWN_TARGET,
        "the setting device in the board file: a name of SEGGER's list of devices",
    ),
    Pattern(r"core does not match configuration|Unexpected core ID", Failure.WRONG_TARGET),
    Pattern(r"Verify failed|Verification of RAMCode failed", Failure.VERIFY),
    Pattern(r"[Rr]ead(out)?.?protect|is secured|Device is locked", Failure.PROTECTED),
    Pattern(
        r"Cannot connect to target|Could not find core|VTref.*too low",
        Failure.NO_TARGET,
    ),
)


class JLinkFlasher(ToolFlasher):
    name = "jlink"
    tool = Tool(
        ("JLinkExe",),
        "flashes over a J-Link",
        get="install the J-Link software from segger.com",
        folders=("/opt/SEGGER/JLink",),
    )
    known_settings: ClassVar = {
        "device": "the chip, as SEGGER names it, e.g. STM32F446RE",
        "interface": "SWD or JTAG",
        "speed": "in kHz",
    }
    required = ("device",)
    takes_binary = True
    probe_kinds = frozenset({"J-Link"})
    patterns = PATTERNS

    def prepare(self, target: FlashTarget) -> None:
        """The script that Commander runs."""
        file = f'"{target.binary}"'
        lines = ["r", "h", f"loadbin {file} {target.address}"]
        lines += [f"verifybin {file} {target.address}", "r", "g", "qc"]
        write_text(target.build_dir / "flash.jlink", "\n".join(lines) + "\n")

    def commands(self, target: FlashTarget, program: str) -> list[list[str]]:
        # NoGui: otherwise it asks in a window which J-Link, or whether to update its firmware.
        command = [program, "-NoGui", "1", "-ExitOnError", "1"]
        if target.serial_number:
            command += ["-SelectEmuBySN", target.serial_number]
        command += ["-Device", str(target.text("device"))]
        command += ["-If", target.text("interface") or "SWD"]
        command += ["-Speed", target.text("speed") or "4000", "-AutoConnect", "1"]
        return [[*command, "-CommandFile", str(target.build_dir / "flash.jlink")]]

    def judge(self, target: FlashTarget, lines: Sequence[str], *, last: bool) -> Failure | None:
        """Another core is only a warning to it."""
        verified = any("Verify successful" in line for line in lines)
        other_core = any("core does not match configuration" in line for line in lines)
        return None if verified and not other_core else Failure.OTHER
