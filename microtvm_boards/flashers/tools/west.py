"""`west flash`: Zephyr's runners, for a directory that CMake has built."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import ClassVar

from microtvm_boards.flashers.base import FlashTarget
from microtvm_boards.flashers.failures import Failure, Pattern
from microtvm_boards.flashers.tool_flasher import ToolFlasher
from microtvm_boards.flashers.tools import dfu, jlink, openocd, pyocd, stflash, stm32cubeprogrammer
from microtvm_boards.programs import Tool

PATTERNS = (
    Pattern(
        r"required program .* not found",
        Failure.NOT_INSTALLED,
        "install that program, or the setting runner with another one",
    ),
    Pattern(
        r"unknown command \"?flash|not in a workspace|no west workspace",
        Failure.CONFIG,
        "west flash needs a west workspace: option zephyr_base with a tree in one (west init)",
    ),
    Pattern(r"no flash runner available|runner .* does not support", Failure.CONFIG),
    Pattern(
        r"doesn't support --dev-id",
        Failure.CONFIG,
        "the setting runner with one that takes a serial number: openocd, pyocd, jlink",
    ),
    Pattern(r"runners.yaml file not found|no CMake cache found", Failure.CONFIG, "build it again"),
    *openocd.PATTERNS,
    *pyocd.PATTERNS,
    *stm32cubeprogrammer.PATTERNS,
    *jlink.PATTERNS,
    *stflash.PATTERNS,
    *dfu.PATTERNS,
)


class WestFlasher(ToolFlasher):
    """`target.build_dir` is what `west build -d` made; `target.environment` has ZEPHYR_BASE."""

    name = "west"
    tool = Tool(("west",), "flashes with Zephyr's runners", get="pip install west")
    known_settings: ClassVar = {
        "runner": "west's name of the tool, e.g. openocd; the board's own when unset",
        "west": "the west command",
        "arguments": "further arguments of west flash",
    }
    patterns = PATTERNS
    seconds = 300.0

    def tool_for(self, target: FlashTarget) -> Tool:
        own = shlex.split(target.text("west") or "")
        return replace(self.tool, programs=(own[0],)) if own else self.tool

    def commands(self, target: FlashTarget, program: str) -> list[list[str]]:
        command = [program, *shlex.split(target.text("west") or "")[1:]]
        # Never anything but what was built, and reported as good, before.
        command += ["flash", "--build-dir", str(target.build_dir), "--skip-rebuild"]
        runner = target.text("runner")
        if runner:
            command += ["--runner", runner]
        if (runner or _default_runner(target)) == "openocd":
            # It has no --dev-id, and its --serial is for boards whose configuration looks at that.
            command.append("--verify")
            if target.serial_number:
                command += ["--cmd-pre-init", f"adapter serial {target.serial_number}"]
        elif target.serial_number:
            command += ["--dev-id", target.serial_number]
        return [[*command, *shlex.split(target.text("arguments") or "")]]


def _default_runner(target: FlashTarget) -> str | None:
    """What Zephyr's build wrote down for its board; None when it can't be read."""
    try:
        text = (target.build_dir / "zephyr" / "runners.yaml").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    found = re.search(r"^flash-runner: *(\S+)", text, re.MULTILINE)
    return found[1] if found else None
