"""Candidates with what they cost, and which one wins. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from microtvm_boards.compile.compiler import Recipe

# Counts of instructions differ by a tick of the clock from run to run; so close is equal.
_SAME = 1.001


class Minimize(str, Enum):
    RAM = "ram"  # workspace, and the largest stack frame
    FLASH = "flash"  # constants and code
    INSTRUCTIONS = "instructions"  # of one inference


class Verdict(str, Enum):
    EQUAL = "equal"  # to the reference, on every input that was tried
    WRONG = "wrong"
    UNCHECKED = "unchecked"  # nothing here can run it
    TOO_BIG = "too big"  # for the board; not checked either
    FAILED = "failed"  # the compiler or the C compiler can't build it


@dataclass(frozen=True)
class Candidate:
    """One recipe, compiled. Bytes; None: not known."""

    recipe: Recipe
    verdict: Verdict
    note: str  # where it was checked; how it differs; what is missing
    mlf: Path | None = None
    workspace_bytes: int | None = None
    constants_bytes: int | None = None
    flash_bytes: int | None = None  # code and constants of the model at -Os
    frame_bytes: int | None = None  # the largest stack frame of the generated code
    instructions: int | None = None  # the most that one inference took, at -O2

    @property
    def ram_bytes(self) -> int:
        return (self.workspace_bytes or 0) + (self.frame_bytes or 0)


def choose(candidates: Sequence[Candidate], minimize: Minimize) -> Candidate | None:
    """The cheapest of those whose outputs are right; None when there is none.

    Equal in `minimize`: less RAM wins, then less flash, then the earlier one. Where the size of the
    code isn't known of all, constants alone are compared.
    """
    right = [c for c in candidates if c.verdict is Verdict.EQUAL]
    if not right:
        return None
    code_known = all(c.flash_bytes is not None for c in right)

    def flash(candidate: Candidate) -> int:
        known = candidate.flash_bytes if code_known else candidate.constants_bytes
        return known or 0

    def main_cost(candidate: Candidate) -> float:
        if minimize is Minimize.RAM:
            return candidate.ram_bytes
        if minimize is Minimize.FLASH:
            return flash(candidate)
        known = candidate.instructions
        return float("inf") if known is None else known

    limit = min(map(main_cost, right)) * (_SAME if minimize is Minimize.INSTRUCTIONS else 1)
    best = [c for c in right if main_cost(c) <= limit]
    return min(best, key=lambda c: (c.ram_bytes, flash(c)))
