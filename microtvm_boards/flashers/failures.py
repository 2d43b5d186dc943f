"""What went wrong, from what a tool printed: causes and hints apart from running the tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from microtvm_boards.errors import FlashError

SHOWN_LINES = 20


class Failure(Enum):
    """Why the firmware isn't on the board. Values: the cause in words."""

    NO_PROBE = "there is no probe"
    NO_PORT = "the serial port can't be used"
    NO_SERVER = "no gdb server answers"
    NOT_INSTALLED = "a tool is missing"
    SEVERAL_PROBES = "several probes are plugged in, and none was chosen"
    BUSY = "the probe or port is in use by another program"
    PERMISSION = "you have no permission to use the probe or port"
    NO_TARGET = "the probe doesn't reach the chip"
    WRONG_TARGET = "the chip is not the one that is expected"
    UNKNOWN_TARGET = "the tool doesn't know this chip"
    PROTECTED = "the flash is protected"
    VERIFY = "the flash doesn't hold what was written"
    TIMEOUT = "it took too long"
    CONFIG = "the tool's configuration is wrong"
    OTHER = "the tool failed"


HINTS = {
    Failure.NO_PROBE: "plug the board in; microtvm-boards doctor shows what is seen",
    Failure.NO_PORT: "microtvm-boards boards detect lists the ports; --port chooses one",
    Failure.NO_SERVER: "start it (openocd, pyocd gdbserver, JLinkGDBServer), and --gdbserver-port",
    Failure.NOT_INSTALLED: "microtvm-boards doctor says which tools are there",
    Failure.SEVERAL_PROBES: "--serial-number; microtvm-boards boards detect lists them",
    Failure.BUSY: "close the debugger or monitor that uses it",
    Failure.PERMISSION: "install the udev rules of the tool, then plug the board in again",
    Failure.NO_TARGET: "check the board's power and the cable to it; hold its reset button while "
    "flashing starts",
    Failure.WRONG_TARGET: "is the right board plugged in? --serial-number chooses another",
    Failure.UNKNOWN_TARGET: "the setting target in the board file",
    Failure.PROTECTED: "remove the read or write protection with the vendor's tool; that erases it",
    Failure.VERIFY: "try again; if it stays, check power and cable: the flash may be worn out",
    Failure.TIMEOUT: "unplug the board, plug it in and try again",
    Failure.CONFIG: "the settings of the flasher in the board file",
    Failure.OTHER: "the lines above, or --flasher with another tool",
}
# A second try is of use when the first left the chip halted, or a cable had a bad moment. Not when
# somebody has to do something first, and not after a long wait.
WORTH_A_RETRY = frozenset({Failure.VERIFY, Failure.NO_TARGET})


class FlashFailedError(FlashError):
    """A tool failed; `failure` says how."""

    def __init__(
        self,
        cause: str,
        failure: Failure,
        *,
        hint: str = "",
        details: Iterable[str] = (),
        log: Path | None = None,
    ) -> None:
        super().__init__(cause, hint=hint, details=details, log=log)
        self.failure = failure


@dataclass(frozen=True)
class Pattern:
    """Text in a line of a tool that means `failure`; `hint` replaces the usual one."""

    text: str  # regular expression
    failure: Failure
    hint: str = ""


def classify(lines: Sequence[str], patterns: Sequence[Pattern]) -> Pattern:
    """The first of `patterns`, in their order, that is in any of `lines`; OTHER when none is."""
    for pattern in patterns:
        if any(re.search(pattern.text, line) for line in lines):
            return pattern
    return Pattern("", Failure.OTHER)


def failed(tool: str, pattern: Pattern, lines: Sequence[str], log: Path | None) -> FlashFailedError:
    """The error for what `classify` found."""
    return FlashFailedError(
        f"{tool} could not flash the board: {pattern.failure.value}.",
        pattern.failure,
        hint=pattern.hint or HINTS[pattern.failure],
        details=last_lines(lines),
        log=log,
    )


def last_lines(lines: Sequence[str]) -> list[str]:
    """The last ones with text, for a message; a progress bar's steps count once."""
    kept: list[str] = []
    for line in (line.strip() for line in lines):
        if not line:
            continue
        if kept and _without_numbers(kept[-1]) == _without_numbers(line):
            kept[-1] = line
        else:
            kept.append(line)
    return kept[-SHOWN_LINES:]


def _without_numbers(line: str) -> str:
    return re.sub(r"0x[0-9a-fA-F]+|\d+|[=█#.]+", "#", line)
