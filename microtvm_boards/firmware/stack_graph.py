"""Who calls whom with which frame: what GCC writes beside each object file, and the machine code.

-fcallgraph-info=su gives calls and frames of what is compiled (foo.c.ci, in VCG). Assembly,
libraries and other compilers' objects have none; where the firmware is linked, its machine code
says what they push and call.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from microtvm_boards.elf import FUNCTION, SECTION
from microtvm_boards.firmware.built import open_built
from microtvm_boards.firmware.disassembly import Function

INDIRECT = "__indirect_call"
_WRAPPED = "__real_"  # of ld's option --wrap: the function itself
_NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"(.*)\}$', re.MULTILINE)
_FRAME = re.compile(r"(\d+) bytes \(([a-z,]+)\)")
_EDGE = re.compile(
    r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]*)")?', re.MULTILINE
)

Node = tuple[str, bool]  # a function, and whether one of CallGraph.once is above it


@dataclass
class CallGraph:
    """Functions of all objects by title: GCC puts "file.c:" before those that are static."""

    frames: dict[str, int] = field(default_factory=dict)
    calls: dict[str, set[str]] = field(default_factory=dict)
    pointer_calls: set[str] = field(default_factory=set)  # functions that call through a pointer
    address_taken: set[str] = field(default_factory=set)
    from_code: dict[str, int] = field(default_factory=dict)  # frames without a call graph of GCC's
    unknown: set[str] = field(default_factory=set)  # functions with a frame of unknown size
    problems: list[str] = field(default_factory=list)

    once: frozenset[str] = frozenset()  # at most one of them is in any chain of calls

    def callees(self, node: Node) -> set[Node]:
        name, below = node
        through = self.address_taken if name in self.pointer_calls else set()
        called = self.calls.get(name, set()) | through
        if below:
            called = called - self.once
        return {(callee, below or name in self.once) for callee in called}

    def direct(self, node: Node, among: set[Node]) -> set[Node]:
        """Of the callees `among` those that aren't called through a pointer."""
        return {n for n in self.callees(node) & among if n[0] in self.calls.get(node[0], ())}


def call_graph(
    objects: Iterable[Path],
    *,
    inside: Path,
    once: frozenset[str],
    linked: Mapping[str, Function] | None = None,
    never_called: frozenset[str] = frozenset(),
) -> CallGraph:
    """The calls of the object files `objects`.

    Calls through pointers that stand in a file outside the directory `inside` (an operating
    system's headers) lead to INDIRECT. `linked`: the functions of the linked firmware; only they
    can be reached through pointers, and they stand for what has no graph. Without it an object
    that has none is a problem, as a frame of unknown size always is. `never_called`: functions
    whose address is taken for the processor alone.
    """
    graph = CallGraph(once=once)
    for path in objects:
        beside = path.with_suffix(".ci")
        if not beside.is_file():
            if linked is None:
                graph.problems.append(f"{path.name} has no call graph")
            continue
        defined = _read_graph(beside.read_text(errors="replace"), graph, f"{inside}/")
        taken = addresses_taken(path) - never_called
        graph.address_taken |= {defined[name] for name in taken if name in defined}
    titles: dict[str, set[str]] = {}
    for title in graph.frames:
        titles.setdefault(_plain(title), set()).add(title)
    if linked is not None:
        _add_linked(graph, titles, linked)
    _resolve(graph, titles)
    if linked is not None:  # a call whose target isn't there was expanded in place
        there = graph.frames.keys() | linked.keys() | {INDIRECT}
        graph.calls = {caller: callees & there for caller, callees in graph.calls.items()}
    return graph


def _read_graph(text: str, graph: CallGraph, inside: str) -> dict[str, str]:
    """Adds one .ci to `graph`; returns the titles of the functions that it defines, by name."""
    titles: dict[str, str] = {}
    for title, label, _ in _NODE.findall(text):
        frame = _FRAME.search(label)
        if frame is None:
            continue
        # Of a weak function and what replaces it the larger: both have the same name.
        graph.frames[title] = max(int(frame[1]), graph.frames.get(title, 0))
        titles[_plain(title)] = title
        if frame[2] == "dynamic":
            graph.unknown.add(title)
    for caller, target, where in _EDGE.findall(text):
        callee = target.removeprefix(_WRAPPED)
        if callee != INDIRECT:
            graph.calls.setdefault(caller, set()).add(callee)
        elif where.startswith(inside):
            graph.pointer_calls.add(caller)
        else:
            graph.calls.setdefault(caller, set()).add(INDIRECT)
    return titles


def _add_linked(
    graph: CallGraph, titles: Mapping[str, set[str]], linked: Mapping[str, Function]
) -> None:
    """What only the machine code says: functions without a graph, calls that assembly makes, and
    arguments in registers that a function puts beside its frame."""
    graph.address_taken = {t for t in graph.address_taken if _plain(t) in linked}
    for name, function in linked.items():
        known = titles.get(name)
        if known is None:
            graph.frames[name] = graph.from_code[name] = function.frame
            called = graph.calls.setdefault(name, set())
            for callee in function.calls:
                called |= titles.get(callee, {callee})
            if function.indirect:
                called.add(INDIRECT)
            if function.unknown:
                graph.unknown.add(name)
            continue
        libraries = {callee for callee in function.calls if callee not in titles}
        for title in known:
            graph.frames[title] += function.pretended
            graph.calls.setdefault(title, set()).update(libraries)


def _resolve(graph: CallGraph, titles: Mapping[str, set[str]]) -> None:
    """Weak functions have their file in the title, which who calls them doesn't know."""
    for caller, callees in graph.calls.items():
        for callee in [c for c in callees if c not in graph.frames and c in titles]:
            callees.remove(callee)
            callees |= titles[callee] - {caller}


def _plain(title: str) -> str:
    return title.rpartition(":")[2]


# Relocations that are calls or jumps: they take no address (ELF for the Arm Architecture; RISC-V
# psABI; System V ABI for i386 and x86-64).
_CALLS: Mapping[str, frozenset[int]] = {
    "EM_ARM": frozenset((0, 1, 10, 27, 28, 29, 30, 40, 42, 51, 102, 103)),
    "EM_RISCV": frozenset((16, 17, 18, 19, 44, 45, 51)),
    "EM_386": frozenset((2, 4)),
    "EM_X86_64": frozenset((2, 4)),
}
# Unwinding tables, and vector tables, which the processor alone reads.
_NOT_TAKING = (".ARM.ex", ".eh_frame", ".vectors", ".isr_vector")


def addresses_taken(path: Path) -> set[str]:
    """Names of the functions whose address the object file at `path` takes: in data, or in code
    otherwise than to call. Too many rather than too few for processors that aren't known."""
    taken: set[str] = set()
    with open_built(path) as elf:
        functions: dict[int, list[str]] = {}
        for symbol in elf.symbols:
            if symbol.kind == FUNCTION and symbol.in_section:
                functions.setdefault(symbol.section, []).append(symbol.name)
        calls = _CALLS.get(elf.machine, frozenset())
        for section in elf.sections:
            if not section.takes_memory or section.name.startswith(_NOT_TAKING):
                continue
            for relocation in elf.relocations(section):
                if section.is_code and relocation.kind in calls:
                    continue
                symbol = relocation.symbol
                if symbol.kind == SECTION:
                    taken.update(functions.get(symbol.section, ()))
                else:
                    taken.add(symbol.name)
    return taken
