"""pyOCD, as a library, in a process of its own (see pyocd_program) that is ended when it hangs.

It writes and compares the binary: of an ELF it would leave the gaps as they are.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from microtvm_boards.flashers.base import FlashTarget, Progress
from microtvm_boards.flashers.failures import Failure, Pattern
from microtvm_boards.flashers.tool_flasher import ToolFlasher
from microtvm_boards.programs import Tool

# What its library says in errors, and its command line when west runs it (0.46). The words for no
# permission and for a probe in use are libusb's.
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
        r"No ACK received|SWD/JTAG communication failure|No cores were discovered|STLink error"
        r"|Target not detected",
        Failure.NO_TARGET,
    ),
    Pattern(
        r"flash (init|erase|program)\w*( \w+)? failure",
        Failure.WRONG_TARGET,
        "is the setting target the chip on the board? Or its flash is protected",
    ),
)
_PROGRAM = "microtvm_boards.flashers.tools.pyocd_program"
_PACKAGES = Path(__file__).parents[3]  # where our package is, for a Python that wasn't told
_FAILED = re.compile(r"^failed \((\w+)\): ")


class PyOcdFlasher(ToolFlasher):
    name = "pyocd"
    tool = Tool(
        ("pyocd",), "flashes over SWD with most probes", get="pip install pyocd", module="pyocd"
    )
    known_settings: ClassVar = {
        "target": "the chip, as pyocd list --targets or a CMSIS pack names it",
        "pack": "path of a CMSIS pack with that chip",
        "frequency": "of SWD in Hz",
        "connect": "halt, pre-reset, under-reset or attach",
        "device_id": "of an STM32, e.g. 0x421; another one isn't written",
    }
    required = ("target",)
    takes_binary = True
    patterns = (Pattern(r"error: argument --", Failure.CONFIG), *PATTERNS)

    def flash(self, target: FlashTarget, *, progress: Progress | None = None) -> str:
        packages = os.pathsep.join(filter(None, (str(_PACKAGES), os.environ.get("PYTHONPATH"))))
        environment = {**target.environment, "PYTHONPATH": packages}
        return super().flash(replace(target, environment=environment), progress=progress)

    def commands(self, target: FlashTarget, program: str) -> list[list[str]]:
        command = [sys.executable, "-m", _PROGRAM, "--target", str(target.text("target"))]
        command += ["--address", target.address, "--core", target.board.cpu.name]
        if target.serial_number:
            command += ["--uid", target.serial_number]
        for name in ("pack", "frequency", "connect", "device_id"):
            if value := target.text(name):
                command += [f"--{name.replace('_', '-')}", value]
        return [[*command, str(target.binary)]]

    def explain(self, lines: Sequence[str]) -> Pattern:
        """What the program says of itself; else it was ended by something, with pyOCD's words."""
        said = next((found for line in reversed(lines) if (found := _FAILED.match(line))), None)
        if said is None or said[1] not in Failure.__members__:
            return super().explain(lines)
        hints = [line.removeprefix("hint: ") for line in lines if line.startswith("hint: ")]
        return Pattern("", Failure[said[1]], hints[-1] if hints else "")
