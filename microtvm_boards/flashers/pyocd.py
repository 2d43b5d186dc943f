"""pyOCD, by its command line: in a process of its own it can be ended. Tried with 0.46.

It writes and compares the binary: of an ELF it would leave the gaps as they are. Messages are from
its sources, except those for no permission and for a probe in use, which are libusb's, from memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from microtvm_boards.flashers.base import FlashTarget
from microtvm_boards.flashers.failures import Failure, Pattern
from microtvm_boards.flashers.tool_flasher import ToolFlasher
from microtvm_boards.programs import Tool

PATTERNS = (
    Pattern(r"No connected debug probe|No target device available", Failure.NO_PROBE),
    Pattern(
        r"Enter the number of the debug probe|More than one debug probe matches",
        Failure.SEVERAL_PROBES,
    ),
    Pattern(
        r"Target type .* not recognized",
        Failure.UNKNOWN_TARGET,
        "pyocd pack install with the name of the chip, or the setting pack in the board file",
    ),
    Pattern(r"[Aa]ccess denied|[Ii]nsufficient permissions", Failure.PERMISSION),
    Pattern(r"[Rr]esource busy|already open|exclusive access", Failure.BUSY),
    Pattern(r"Mismatched byte at", Failure.VERIFY),
    Pattern(
        r"No ACK received|SWD/JTAG communication failure|No cores were discovered|STLink error",
        Failure.NO_TARGET,
    ),
    Pattern(
        r"flash (init|erase|program)\w*( \w+)? failure",
        Failure.WRONG_TARGET,
        "is the setting target the chip on the board? Or its flash is protected",
    ),
)


class PyOcdFlasher(ToolFlasher):
    name = "pyocd"
    tool = Tool(("pyocd",), "flashes over SWD with most probes", get="pip install pyocd")
    known_settings: ClassVar = {
        "target": "the chip, as pyocd list --targets names it",
        "pack": "path of a CMSIS pack with that chip",
        "frequency": "of SWD in Hz",
        "connect": "halt, pre-reset, under-reset or attach",
    }
    required = ("target",)
    takes_binary = True
    patterns = PATTERNS

    def commands(self, target: FlashTarget, program: str) -> list[list[str]]:
        # Without --no-wait it waits for a probe for ever.
        common = ["--no-wait", "--target", str(target.text("target"))]
        if target.serial_number:
            common += ["--uid", target.serial_number]
        for name in ("pack", "frequency", "connect"):
            if value := target.text(name):
                common += [f"--{name}", value]
        write = ["--format", "bin", "--base-address", target.address, str(target.binary)]
        compare = f"compare {target.address} {target.binary}"
        return [
            [program, "flash", *common, *write],
            [program, "commander", *common, "--command", compare],
        ]

    def judge(self, target: FlashTarget, lines: Sequence[str], *, last: bool) -> Failure | None:
        """`compare` prints what it finds and ends with status 0 anyway."""
        return Failure.OTHER if last and not _has(lines, " bytes match.") else None


def _has(lines: Sequence[str], text: str) -> bool:
    return any(text in line for line in lines)
