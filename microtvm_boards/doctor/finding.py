"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from microtvm_boards.errors import MicroTvmBoardsError


class State(Enum):
    OK = "ok"
    ABSENT = "absent"  # not there, which matters only to who needs it
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    area: str  # "Tools"
    subject: str  # "cmake"
    state: State
    found: str  # in words
    advice: str = ""  # what to do or type next


def problem(area: str, subject: str, error: MicroTvmBoardsError) -> Finding:
    """What an error says, as a finding."""
    found = " ".join((error.cause, *error.details))
    return Finding(area, subject, State.PROBLEM, found, error.hint)
