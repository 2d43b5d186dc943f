"""TVM's static memory planners, given their buffers in an order that is the same in every process.

They sort buffers by size, number of conflicts and name. Buffers that are alike in all three (the
`pad_temp` of two convolutions) keep the order they came in, and that follows addresses in memory
(TVM v0.16 src/tir/usmp: unified_static_memory_planner.cc, algo/greedy.cc, algo/hill_climb.cc).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from microtvm_boards.errors import UsageError, nearest
from microtvm_boards.tvm.enable import load_tvm

# TVM's own, and the one that it takes when none is named.
ALGORITHMS = ("greedy_by_size", "greedy_by_conflicts", "hill_climb")
DEFAULT = "greedy_by_size"

_PREFIX = "tir.usmp.algo."  # where TVM looks for the function that the pass config names


def ordered_planner(algorithm: str) -> dict[str, str]:
    """Entries for TVM's PassContext that select `algorithm`, with the buffers in a fixed order.

    Raises UsageError when TVM has no such algorithm.
    """
    if algorithm not in ALGORITHMS:
        raise UsageError(
            f'TVM has no memory planner "{algorithm}"; it has {", ".join(ALGORITHMS)}.'
            + nearest(algorithm, ALGORITHMS)
        )
    tvm = load_tvm()
    name = f"microtvm_boards_{algorithm}"
    if tvm.get_global_func(_PREFIX + name, allow_missing=True) is None:
        plan = tvm.get_global_func(_PREFIX + algorithm)

        def plan_in_order(buffers: Any, memory_pressure: Any) -> Any:
            return plan(_in_order(list(buffers)), memory_pressure)

        tvm.register_func(_PREFIX + name, plan_in_order)
    return {"tir.usmp.custom_algorithm": name}


def _in_order(buffers: Sequence[Any]) -> list[Any]:
    """Sorted by what a buffer is and, where that is the same, by what it conflicts with.

    A buffer's rank starts from its own properties and is refined with the ranks of the buffers
    it conflicts with, until that tells no more buffers apart (colour refinement of a graph).
    """
    index = {buffer.handle.value: i for i, buffer in enumerate(buffers)}
    conflicts = [
        [index[other.handle.value] for other in buffer.conflicts if other.handle.value in index]
        for buffer in buffers
    ]
    ranks = _ranks([_properties(buffer) for buffer in buffers])
    while True:
        refined = _ranks(
            [
                (rank, sorted(ranks[j] for j in near))
                for rank, near in zip(ranks, conflicts, strict=True)
            ]
        )
        if max(refined, default=0) == max(ranks, default=0):
            break
        ranks = refined
    return [buffers[i] for i in sorted(range(len(buffers)), key=ranks.__getitem__)]


def _properties(buffer: Any) -> Any:
    pools = [str(pool.pool_name) for pool in buffer.pool_candidates]
    return (int(buffer.size_bytes), str(buffer.name_hint), int(buffer.alignment), pools)


def _ranks(keys: Sequence[Any]) -> list[int]:
    """Each key's place among the distinct keys."""
    distinct: list[Any] = []
    for key in sorted(keys):
        if not distinct or distinct[-1] != key:
            distinct.append(key)
    return [distinct.index(key) for key in keys]
