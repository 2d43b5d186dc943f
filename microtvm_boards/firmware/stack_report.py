"""How much stack a firmware needs at most: the deepest chain of calls.

A call through a pointer may reach every function whose address is taken; functions of which neither
GCC nor the machine code says a frame (libraries, an operating system) count with an allowance. What
is in a circle that only calls through pointers close counts once: tables of functions close such
circles in the graph that no run goes round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.firmware.stack_graph import CallGraph, Node, call_graph

# Bytes for functions without a graph, first match counts. Newlib's and libgcc's (12.2, Cortex-M0
# and M3) take less; an operating system's call may wait, which saves what the processor doesn't.
ALLOWANCES = (
    (re.compile(r"mem(cpy|move|set|cmp)|str(len|cmp|ncmp|cpy)|__aeabi_mem\w*"), 32),
    (
        re.compile(r"__(aeabi|gnu|clz|ctz|popcount|udiv|umod|div|mod|mul|ashl|lshr|float|fix)\w*"),
        96,
    ),
    (re.compile(r"\w*"), 256),
)
# Time evaluators have no names, so none can be asked to time another.
ONCE = frozenset(("mtvm_timer_call",))


@dataclass(frozen=True)
class StackReport:
    """`bound` is the worst case in bytes; None when there is none, `problems` says why."""

    bound: int | None
    chain: tuple[tuple[str, int], ...]  # the deepest calls, with frames, from the entry on
    allowances: Mapping[str, int]  # function without a graph -> bytes counted for it
    problems: tuple[str, ...]


def stack_report(
    objects: Iterable[Path], entry: str, *, inside: Path, once: frozenset[str] = ONCE
) -> StackReport:
    """The deepest chain of calls from the function `entry` in the object files `objects`.

    See `call_graph`; `once`: functions that never call each other or themselves, whatever the graph
    says. An object without a graph beside it is a problem, as are frames of unknown size and
    recursion.
    """
    return deepest(call_graph(objects, inside=inside, once=once), entry)


def deepest(graph: CallGraph, entry: str) -> StackReport:
    """The deepest chain of calls from `entry`, a function's name or title."""
    titles = [title for title in graph.frames if title.rpartition(":")[2] == entry]
    entry = entry if entry in graph.frames or not titles else titles[0]
    if entry not in graph.frames:
        return StackReport(None, (), {}, (*graph.problems, f"there is no function {entry}"))
    allowances: dict[str, int] = {}
    best: dict[Node, tuple[int, list[tuple[str, int]]]] = {}
    problems = list(graph.problems)
    for group in _groups(graph, (entry, False)):  # callees come before their callers
        members = set(group)
        own = [(name, _frame(name, graph, allowances)) for name, _ in group]
        problems += _recursion(members, graph)
        problems += [f"{n} has a frame of unknown size" for n, _ in group if n in graph.unknown]
        below = [best[c] for node in group for c in graph.callees(node) - members]
        depth, chain = max(below, default=(0, []), key=lambda found: found[0])
        total = sum(frame for _, frame in own)
        best.update(dict.fromkeys(group, (total + depth, own + chain)))
    depth, chain = best[entry, False]
    return StackReport(
        None if problems else depth, tuple(chain), allowances, tuple(dict.fromkeys(problems))
    )


def _frame(name: str, graph: CallGraph, allowances: dict[str, int]) -> int:
    if name in graph.frames:
        return graph.frames[name]
    size = next(size for pattern, size in ALLOWANCES if pattern.fullmatch(name))
    return allowances.setdefault(name, size)


def _recursion(members: set[Node], graph: CallGraph) -> list[str]:
    """A circle of direct calls has no bound."""
    direct = {node: graph.direct(node, members) for node in members}
    while leaves := [node for node, callees in direct.items() if not callees]:
        for node in leaves:
            del direct[node]
        for callees in direct.values():
            callees.difference_update(leaves)
    return [f"{name} calls itself" for name, _ in sorted(direct)]


def _groups(graph: CallGraph, entry: Node) -> list[list[Node]]:
    """Strongly connected components that `entry` reaches, callees first (Tarjan, no recursion)."""
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    stack: list[Node] = []
    waiting: set[Node] = set()
    groups: list[list[Node]] = []
    work = [(entry, iter(sorted(graph.callees(entry))))]
    index[entry] = low[entry] = 0
    stack.append(entry)
    waiting.add(entry)
    while work:
        name, callees = work[-1]
        for callee in callees:
            if callee not in index:
                index[callee] = low[callee] = len(index)
                stack.append(callee)
                waiting.add(callee)
                work.append((callee, iter(sorted(graph.callees(callee)))))
                break
            if callee in waiting:
                low[name] = min(low[name], index[callee])
        else:
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[name])
            if low[name] == index[name]:
                cut = stack.index(name)
                groups.append(stack[cut:])
                waiting.difference_update(stack[cut:])
                del stack[cut:]
    return groups


def short_chain(report: StackReport, directory: Path) -> tuple[tuple[str, int], ...]:
    """With paths in `directory` from there."""
    return tuple((name.replace(f"{directory}/", ""), frame) for name, frame in report.chain)


def objects_of(folders: Sequence[Path]) -> list[Path]:
    """The object files in `folders`, where CMake puts those of a target."""
    found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if path.suffix in (".obj", ".o"))
