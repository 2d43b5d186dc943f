"""Does it fit? Bytes that a project needs in each memory, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence

from microtvm_boards.boards import Board
from microtvm_boards.errors import ProjectError
from microtvm_boards.project.needs.need import MemoryNeed
from microtvm_boards.project.plan.types import (
    ModulePlan,
)


def align_up(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


def buffer_bytes(modules: Sequence[ModulePlan], side: str, alignment: int) -> int:
    """The largest of all models' inputs (or outputs), each tensor aligned."""
    return max(
        (
            sum(align_up(t.tensor.size_bytes, alignment) for t in getattr(module, side))
            for module in modules
        ),
        default=0,
    )


def refuse_what_does_not_fit(board: Board, needs: Sequence[MemoryNeed]) -> None:
    """Raises ProjectError with needed and available bytes of every memory that is too small.

    Estimates don't count: see `warnings_of`.
    """
    too_small = []
    for memory in board.memories:
        mine = [n for n in needs if n.memory == memory.name and not n.estimate]
        needed = sum(need.size_bytes for need in mine)
        if needed > memory.size:
            too_small.append(
                f"{memory.name}: needed {needed} B, available {memory.size} B "
                f"({needed - memory.size} B too many)"
            )
            too_small += [f"    {need.size_bytes:>10} B  {need.what}" for need in mine]
    if too_small:
        raise ProjectError(
            f"The model doesn't fit the board {board.name}.",
            details=too_small,
            hint="a board with more memory, or compile with tir.usmp.algorithm=hill_climb for "
            "smaller activations",
        )


def warnings_of(board: Board, needs: Sequence[MemoryNeed]) -> tuple[str, ...]:
    """A line for every memory that is too small if the estimates of code are right."""
    found = []
    for memory in board.memories:
        mine = [n for n in needs if n.memory == memory.name]
        needed = sum(need.size_bytes for need in mine)
        if needed > memory.size and any(need.estimate for need in mine):
            found.append(
                f"{memory.name}: about {needed} B are needed, {memory.size} B are there; what "
                "is exact would fit, the estimate of the code doesn't"
            )
    return tuple(found)
