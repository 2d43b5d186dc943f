"""How much stack a firmware needs at most, from what GCC writes beside each object file.

-fcallgraph-info=su gives who calls whom (foo.c.ci, in VCG) with each function's frame. A call
through a pointer may reach every function whose address is taken; functions that no graph defines
(libraries, an operating system) count with an allowance. What is in a circle that only calls
through pointers close counts once: tables of functions close such circles in the graph that no run
goes round.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

INDIRECT = "__indirect_call"
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
_NODE = re.compile(r'^node: \{ title: "([^"]+)" label: "([^"]*)"(.*)\}$', re.MULTILINE)
_FRAME = re.compile(r"(\d+) bytes \(([a-z,]+)\)")
_EDGE = re.compile(
    r'^edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^"]*)")?', re.MULTILINE
)


Node = tuple[str, bool]  # a function, and whether one of CallGraph.once is above it


@dataclass(frozen=True)
class StackReport:
    """`bound` is the worst case in bytes; None when there is none, `problems` says why."""

    bound: int | None
    chain: tuple[tuple[str, int], ...]  # the deepest calls, with frames, from the entry on
    allowances: Mapping[str, int]  # function without a graph -> bytes counted for it
    problems: tuple[str, ...]


@dataclass
class CallGraph:
    """Functions of all objects by title: GCC puts "file.c:" before those that are static."""

    frames: dict[str, int] = field(default_factory=dict)
    calls: dict[str, set[str]] = field(default_factory=dict)
    pointer_calls: set[str] = field(default_factory=set)  # functions that call through a pointer
    address_taken: set[str] = field(default_factory=set)
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


def stack_report(
    objects: Iterable[Path], entry: str, *, inside: Path, once: frozenset[str] = ONCE
) -> StackReport:
    """The deepest chain of calls from the function `entry` in the object files `objects`.

    Calls through pointers that stand in a file outside the directory `inside` (an operating
    system's headers) count with an allowance. `once`: functions that never call each other or
    themselves, whatever the graph says. An object without a graph beside it is a problem, as are
    frames of unknown size and recursion.
    """
    graph = CallGraph(once=once)
    for path in objects:
        beside = path.with_suffix(".ci")
        if not beside.is_file():
            graph.problems.append(f"{path.name} has no call graph")
            continue
        titles = _read_graph(beside.read_text(errors="replace"), graph, f"{inside}/")
        graph.address_taken |= {titles[name] for name in addresses_taken(path) if name in titles}
    return _deepest(graph, entry)


def _read_graph(text: str, graph: CallGraph, inside: str) -> dict[str, str]:
    """Adds one .ci to `graph`; returns the titles of the functions that it defines, by name."""
    titles: dict[str, str] = {}
    for title, label, _ in _NODE.findall(text):
        frame = _FRAME.search(label)
        if frame is None:
            continue
        graph.frames[title] = int(frame[1])
        titles[title.rpartition(":")[2]] = title
        if frame[2] == "dynamic":
            graph.problems.append(f"{title} has a frame of unknown size")
    for caller, callee, where in _EDGE.findall(text):
        if callee != INDIRECT:
            graph.calls.setdefault(caller, set()).add(callee)
        elif where.startswith(inside):
            graph.pointer_calls.add(caller)
        else:
            graph.calls.setdefault(caller, set()).add(INDIRECT)
    return titles


def _deepest(graph: CallGraph, entry: str) -> StackReport:
    if entry not in graph.frames:
        return StackReport(None, (), {}, (*graph.problems, f"there is no function {entry}"))
    allowances: dict[str, int] = {}
    best: dict[Node, tuple[int, list[tuple[str, int]]]] = {}
    problems = list(graph.problems)
    for group in _groups(graph, (entry, False)):  # callees come before their callers
        members = set(group)
        own = [(name, _frame(name, graph, allowances)) for name, _ in group]
        problems += _recursion(members, graph)
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


# Relocations that are calls or jumps: they take no address (ELF for the Arm Architecture; RISC-V
# psABI; System V ABI for i386 and x86-64).
_CALLS: Mapping[str, frozenset[int]] = {
    "EM_ARM": frozenset((0, 1, 10, 27, 28, 29, 30, 40, 42, 51, 102, 103)),
    "EM_RISCV": frozenset((16, 17, 18, 19, 44, 45, 51)),
    "EM_386": frozenset((2, 4)),
    "EM_X86_64": frozenset((2, 4)),
}
_SHF_ALLOC = 2
_SHF_EXECINSTR = 4
_UNWINDING = (".ARM.ex", ".eh_frame")


def addresses_taken(path: Path) -> set[str]:
    """Names of the functions whose address the object file at `path` takes: in data, or in code
    otherwise than to call. Too many rather than too few for processors that aren't known."""
    from elftools.elf.elffile import ELFFile
    from elftools.elf.relocation import RelocationSection
    from elftools.elf.sections import SymbolTableSection

    taken: set[str] = set()
    with path.open("rb") as file:
        elf = ELFFile(file)
        symbols = elf.get_section_by_name(".symtab")
        if not isinstance(symbols, SymbolTableSection):
            return taken
        functions: dict[int, list[str]] = {}
        for symbol in symbols.iter_symbols():
            if symbol["st_info"]["type"] == "STT_FUNC" and isinstance(symbol["st_shndx"], int):
                functions.setdefault(symbol["st_shndx"], []).append(symbol.name)
        calls = _CALLS.get(elf["e_machine"], frozenset())
        for section in elf.iter_sections():
            if not isinstance(section, RelocationSection):
                continue
            target = elf.get_section(section["sh_info"])
            if not target["sh_flags"] & _SHF_ALLOC or target.name.startswith(_UNWINDING):
                continue
            code = bool(target["sh_flags"] & _SHF_EXECINSTR)
            for relocation in section.iter_relocations():
                if code and relocation["r_info_type"] in calls:
                    continue
                symbol = symbols.get_symbol(relocation["r_info_sym"])
                if symbol["st_info"]["type"] == "STT_SECTION":
                    taken.update(functions.get(symbol["st_shndx"], ()))
                else:
                    taken.add(symbol.name)
    return taken


def write_report(report: StackReport, path: Path, reserved: int) -> None:
    """As a text for people: `reserved` bytes were given to the stack."""
    lines = [f"worst case: {report.bound if report.bound is not None else 'not known'} bytes"]
    lines += [f"reserved: {reserved} bytes", "", "deepest chain of calls, with frames:"]
    lines += [f"{frame:>8}  {name.rpartition('/')[2]}" for name, frame in report.chain]
    lines += ["", "counted for functions without a report:"]
    lines += [f"{size:>8}  {name}" for name, size in sorted(report.allowances.items())]
    if report.problems:
        lines += ["", "why there is no bound:", *(f"  {problem}" for problem in report.problems)]
    path.write_text("\n".join(lines) + "\n")


def objects_of(folders: Sequence[Path]) -> list[Path]:
    """The object files in `folders`, where CMake puts those of a target."""
    found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in found if path.suffix in (".obj", ".o"))
