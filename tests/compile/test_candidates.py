"""Which candidate wins. Runs without a compiler."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from microtvm_boards.compile.candidates import Candidate, Minimize, Verdict, choose


@dataclass(frozen=True)
class Recipe:
    name: str

    def describe(self) -> dict[str, Any]:
        return {}


def candidate(name: str, verdict: Verdict = Verdict.EQUAL, **sizes: int | None) -> Candidate:
    measured = {"workspace_bytes": 100, "constants_bytes": 50, "flash_bytes": 60, "frame_bytes": 8}
    return Candidate(Recipe(name), verdict, "", **{**measured, **sizes})


def winner(minimize: Minimize, *candidates: Candidate) -> str | None:
    chosen = choose(candidates, minimize)
    return None if chosen is None else chosen.recipe.name


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.EQUAL])
def test_the_smallest_never_wins_unless_its_outputs_are_known_to_be_right(verdict: Verdict) -> None:
    small = candidate("small", verdict, workspace_bytes=1, flash_bytes=1, instructions=1)
    for minimize in Minimize:
        assert winner(minimize, small, candidate("right", instructions=9)) == "right"
        assert winner(minimize, small) is None


def test_ram_is_the_workspace_and_the_stack_frame() -> None:
    deep = candidate("deep", workspace_bytes=90, frame_bytes=30)
    flat = candidate("flat", workspace_bytes=100, frame_bytes=10)
    assert winner(Minimize.RAM, deep, flat) == "flat"
    assert winner(Minimize.RAM, replace(deep, frame_bytes=None), flat) == "deep"


def test_flash_is_constants_and_code_where_the_code_of_all_is_known() -> None:
    one = candidate("one", constants_bytes=40, flash_bytes=70)
    two = candidate("two", constants_bytes=50, flash_bytes=60)
    assert winner(Minimize.FLASH, one, two) == "two"
    assert winner(Minimize.FLASH, one, replace(two, flash_bytes=None)) == "one"


def test_instructions_within_a_thousandth_are_equal_and_less_ram_decides() -> None:
    """A count differs by a tick of the clock from run to run; what wins must not."""
    quick = candidate("quick", instructions=1_000_000, workspace_bytes=101)
    small = candidate("small", instructions=1_000_500, workspace_bytes=100)
    slow = candidate("slow", instructions=1_002_000, workspace_bytes=1)
    assert winner(Minimize.INSTRUCTIONS, quick, small, slow) == "small"
    unknown = candidate("unknown", instructions=None, workspace_bytes=1)
    assert winner(Minimize.INSTRUCTIONS, quick, unknown) == "quick"


def test_of_equal_candidates_the_one_with_less_flash_wins_then_the_first() -> None:
    one, two = candidate("one"), candidate("two")
    assert winner(Minimize.RAM, one, two) == "one"
    assert winner(Minimize.RAM, one, replace(two, flash_bytes=59)) == "two"
    assert winner(Minimize.RAM) is None
