"""What a test is told of a tool."""

from __future__ import annotations

from dataclasses import dataclass, field

from microtvm_boards.flashers.failures import Failure

Said = tuple[int, str]  # exit status, output


@dataclass(frozen=True)
class Tool:
    program: str
    settings: dict[str, str | int | bool]
    success: tuple[Said, ...]  # of each command
    commands: tuple[str, ...]  # arguments, with a serial number
    failures: dict[Failure, tuple[Said, ...]] = field(default_factory=dict)
    then: str = ""  # see StandIn.says
