"""The error tree. Every error says what was needed, what was found, and what to type next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path


class MicroTvmBoardsError(Exception):
    """A mistake or failure that a user can act on.

    Parameters
    ----------
    cause : one sentence: what was needed and what was found.
    hint : what to do or type next; "" when there is nothing useful to say.
    details : further lines (a compiler's last lines, a list of candidates).
    log : file with everything, where there is one.
    """

    exit_code = 1

    def __init__(
        self, cause: str, *, hint: str = "", details: Iterable[str] = (), log: Path | None = None
    ) -> None:
        self.cause = cause
        self.hint = hint
        self.details = tuple(details)
        self.log = log
        super().__init__(self.__str__())

    def __str__(self) -> str:
        lines = [self.cause]
        lines += [f"  {line}" for line in self.details]
        if self.hint:
            lines.append(f"Try: {self.hint}")
        if self.log is not None:
            lines.append(f"Full log: {self.log}")
        return "\n".join(lines)


class UsageError(MicroTvmBoardsError):
    """An option or argument is unknown, missing or malformed."""

    exit_code = 2


class PluginError(MicroTvmBoardsError):
    """A platform, source of boards or flasher of another package can't be imported, or is none."""

    exit_code = 2


class ModelError(MicroTvmBoardsError):
    """The Model Library Format tar can't be used."""

    exit_code = 3


class OperatorsUnseenError(ModelError):
    """A model's operators can't be looked at one by one."""


class BoardError(MicroTvmBoardsError):
    """A board is unknown or its file is wrong."""

    exit_code = 4


class ProjectError(MicroTvmBoardsError):
    """The project directory can't be written or read, or the model doesn't fit the board."""

    exit_code = 5


class ToolNotFoundError(MicroTvmBoardsError):
    """A program that is needed (compiler, CMake, emulator) is not installed."""

    exit_code = 6


class BuildError(MicroTvmBoardsError):
    """Configure, compile or link failed."""

    exit_code = 6


class TooLargeError(BuildError):
    """The linker found no room for the firmware in the board's memories."""


class FlashError(MicroTvmBoardsError):
    """The firmware didn't get onto the board."""

    exit_code = 7


class TransportError(MicroTvmBoardsError):
    """The byte stream to the device failed."""

    exit_code = 8


class TransportTimeoutError(TransportError):
    """Nothing came, or nothing could be sent, before the deadline."""


class TransportClosedError(TransportError):
    """The other side is gone."""


class DeviceError(MicroTvmBoardsError):
    """The firmware answered with an error, or with something that isn't an answer."""

    exit_code = 8


def relative_path_hint(path: Path) -> str:
    """The hint for a `path` where nothing is: tvmc starts us in the template's directory, and
    nobody tells where the user is. "" for an absolute one."""
    if path.is_absolute():
        return ""
    return f"give an absolute path: {path} was looked for in {Path.cwd()}"


def nearest(name: str, known: Iterable[str]) -> str:
    """The "did you mean" part of a message: "" or ' Did you mean "x" or "y"?'."""
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    if not close:
        return ""
    return " Did you mean " + " or ".join(f'"{c}"' for c in close) + "?"
