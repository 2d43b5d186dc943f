"""What a run gave, as text and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from microtvm_boards.cli.show.tables import Row, table

if TYPE_CHECKING:
    import numpy.typing as npt

    from microtvm_boards.boards import Board
    from microtvm_boards.harness import RunResult

LISTED = 10  # samples; more are summed up
SHOWN_VALUES = 6  # of each output


def results_text(results: Sequence[RunResult], board: Board) -> str:
    """A row a sample with the first values of each output; a summary of more than LISTED."""
    if len(results) > LISTED:
        return _summary(results, board)
    names = list(dict.fromkeys(name for result in results for name in result.outputs))
    measures = _measures(results, board)
    rows: list[Row] = [
        (
            str(i),
            *(_count(column[i]) for column in measures.values()),
            result.status_name,
            *(_values(result.outputs[n]) if n in result.outputs else "-" for n in names),
        )
        for i, result in enumerate(results)
    ]
    numbers = ("Sample", *measures)
    return table([*numbers, "Status", *names], rows, numbers=numbers)


def results_json(results: Sequence[RunResult], board: Board) -> list[dict[str, Any]]:
    return [
        {
            "status": result.status_name,
            "ticks": result.ticks,
            "instructions": _instructions(result, board),
            "stack_bytes": result.stack_bytes or None,
            "outputs": {n: finite(array.tolist()) for n, array in result.outputs.items()},
        }
        for result in results
    ]


def finite(value: Any) -> Any:
    """`value` with "nan", "inf" and "-inf" for the numbers that JSON doesn't have."""
    if isinstance(value, list):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _summary(results: Sequence[RunResult], board: Board) -> str:
    spread = ("Least", "Median", "Most")
    rows: list[Row] = [
        (name, *(_count(of(column)) for of in (min, median, max)))
        for name, column in _measures(results, board).items()
    ]
    return table(("Of all samples", *spread), rows, numbers=spread)


def _measures(results: Sequence[RunResult], board: Board) -> dict[str, list[int]]:
    """Columns by name, a number a result; instructions and stack where they are known."""
    columns = {"Ticks": [result.ticks for result in results]}
    instructions = [_instructions(result, board) for result in results]
    known = [count for count in instructions if count is not None]
    if len(known) == len(results):
        columns["Instructions"] = known
    if any(result.stack_bytes for result in results):
        columns["Stack bytes"] = [result.stack_bytes for result in results]
    return columns


def _instructions(result: RunResult, board: Board) -> int | None:
    from microtvm_boards.platforms.qemu import instructions

    executed = instructions(result.ticks, board)
    return None if executed is None else round(executed)


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _values(array: npt.NDArray[Any]) -> str:
    """The first values in row-major order."""
    flat = array.reshape(-1)
    shown = [f"{v:.6g}" if array.dtype.kind == "f" else str(v) for v in flat[:SHOWN_VALUES]]
    return " ".join(shown) + (" ..." if flat.size > SHOWN_VALUES else "")
