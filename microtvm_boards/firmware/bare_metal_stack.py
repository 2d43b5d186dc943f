"""The one stack that bare metal has, the program's with interrupts on top: its worst case."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.elf import FUNCTION
from microtvm_boards.firmware.built import open_built
from microtvm_boards.firmware.disassembly import disassemble
from microtvm_boards.firmware.stack_graph import CallGraph, call_graph
from microtvm_boards.firmware.stack_report import ONCE, deepest, objects_of, short_chain
from microtvm_boards.firmware.stack_use import StackUse
from microtvm_boards.project.needs.stack_estimate import exception_frame
from microtvm_boards.project.project import Project

# Their addresses are taken by code that the processor enters, not to be called.
_NEVER_CALLED = frozenset(("start", "fault"))
_VECTOR_TABLES = ("vectors", "g_pfnVectors")
_FAULTS = range(2, 8)  # numbers of the exceptions after which the program ends
_THUMB = 1


@dataclass(frozen=True)
class Roots:
    """What the processor enters: `entry` first, and handlers; `nested` says whether an interrupt
    can interrupt another, else the deepest counts."""

    entry: str
    nested: bool


def firmware_graph(project: Project, firmware: Path, objdump: str) -> CallGraph:
    """Of `firmware`, whose objects are in the project's build directory."""
    return call_graph(
        objects_of([project.build_dir / "CMakeFiles"]),
        inside=project.directory,
        once=ONCE,
        linked=disassemble(firmware, objdump),
        never_called=_NEVER_CALLED,
    )


def firmware_stack(project: Project, firmware: Path, roots: Roots, objdump: str) -> StackUse:
    """The worst case of `firmware`. Faults don't count: nothing runs after them."""
    graph = firmware_graph(project, firmware, objdump)
    main = deepest(graph, roots.entry)
    saved = exception_frame(project.board.cpu)
    reports = {handler: deepest(graph, handler) for handler in handlers(firmware)}
    interrupts = {name: saved + (report.bound or 0) for name, report in reports.items()}
    every = [main, *reports.values()]
    problems = tuple(dict.fromkeys(p for report in every for p in report.problems))
    above = sum(interrupts.values()) if roots.nested else max(interrupts.values(), default=0)
    return StackUse(
        reserved_bytes=project.manifest.stack_bytes,
        static_bytes=None if main.bound is None or problems else main.bound + above,
        main_bytes=main.bound,
        interrupts=interrupts,
        automatic=project.manifest.stack_least_bytes is not None,
        chain=short_chain(main, project.directory),
        from_code=tuple(name for name, _ in main.chain if name in graph.from_code),
        allowances={n: size for report in every for n, size in report.allowances.items()},
        problems=tuple(problem.replace(f"{project.directory}/", "") for problem in problems),
    )


def handlers(firmware: Path) -> list[str]:
    """Functions in the vector table that interrupts may run: without those for reset and faults,
    and the one that stands in several places, which is for interrupts that nobody switched on."""
    with open_built(firmware) as elf:
        vectors = next((s for s in elf.symbols if s.name in _VECTOR_TABLES), None)
        section = None if vectors is None else elf.section_of(vectors)
        if vectors is None or section is None:
            return []
        start, size = vectors.value, vectors.size
        if size == 0:  # some of ST's tables don't say: up to what comes next
            behind = [s.value & ~_THUMB for s in elf.symbols if s.section == section.number]
            end = section.address + section.size
            size = min((at for at in behind if at > start), default=end) - start
        data = elf.content(section)[start - section.address :][:size]
        functions = {s.value & ~_THUMB: s.name for s in elf.symbols if s.kind == FUNCTION}
    words = [int.from_bytes(data[i : i + 4], "little") for i in range(0, size, 4)]
    found = [
        word & ~_THUMB
        for number, word in enumerate(words)
        if number > 1 and number not in _FAULTS and words.count(word) == 1
    ]
    return [functions[address] for address in found if address in functions]
