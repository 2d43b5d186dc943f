"""What something takes in a memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MemoryNeed:
    """One line of the preflight table: bytes that something takes in a memory."""

    memory: str
    what: str
    size_bytes: int
    kind: str = ""  # groups what the linker says about it
    estimate: bool = False  # of code; all others are exact, or rounded up
