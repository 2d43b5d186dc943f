"""What templates say about TVM's code: its sources, headers forced upon them, linker sections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from microtvm_boards.project.plan.draft import Plan
from microtvm_boards.project.plan.types import Buffer, BufferKind, ModulePlan


@dataclass(frozen=True)
class CodeOf:
    """The code of a model library beside the first."""

    name: str  # of its CMake targets
    folder: str
    sources: tuple[str, ...]
    objects: tuple[str, ...]
    symbols: tuple[str, ...]  # files of symbols to rename in the objects


@dataclass(frozen=True)
class Region:
    """Input sections that a linker script puts into one memory."""

    memory: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]  # model or "", its sections


@dataclass(frozen=True)
class Regions:
    constants: tuple[Region, ...]
    noinit: tuple[Region, ...]
    overlays: tuple[Region, ...]  # groups that overlap


def code_context(plan: Plan) -> dict[str, Any]:
    """Variables for the templates."""
    sources = _sources(plan, 0)
    more = [_code_of(plan, number) for number in range(1, len(plan.libraries))]
    everything = [*sources, *(s for code in more for s in code.sources)]
    return {
        "model_sources": sources,
        "more_models": more,
        "all_model_sources": everything,
        "forced_headers": list(_forced_headers(plan)),
        "regions": _regions(plan),
        "noinit": _noinit(plan),
        "tvm_header": _tvm_header(plan),
        "rodata": _rodata(plan),
    }


def _sources(plan: Plan, library: int) -> list[str]:
    folder = plan.libraries[library].folder
    modules = [m.module for m in plan.modules if m.library == library]
    if plan.operators:
        modules = list(plan.libraries[library].model.modules)
    found = [f"{folder}/{source}" for module in modules for source in module.sources]
    return list(dict.fromkeys(found))


def _code_of(plan: Plan, number: int) -> CodeOf:
    folder = plan.libraries[number].folder
    name = PurePosixPath(folder).name
    sources = _sources(plan, number)
    objects = tuple(s for s in sources if s.endswith(".o"))
    renamed = [m for m in plan.modules if m.library == number and m.renames]
    return CodeOf(
        name=name,
        folder=folder,
        sources=tuple(s for s in sources if not s.endswith(".o")),
        objects=objects,
        symbols=tuple(f"src/model/mtvm_{m.c_name}_symbols.txt" for m in renamed if objects),
    )


def _forced_headers(plan: Plan) -> Iterator[tuple[str, str]]:
    """(source, header to read before it). Objects have none."""
    for module in plan.modules:
        library = plan.libraries[module.library]
        base = f"src/model/mtvm_{module.c_name}"
        include = f"#include <{PurePosixPath(module.module.header or '').name}>".encode()
        for source in module.module.sources:
            if source.endswith(".o"):
                continue
            path = f"{library.folder}/{source}"
            if module.renames:
                yield path, f"{base}_symbols.h"
            if plan.has_own_sections(module):
                yield path, f"{base}_sections.h"
            if module.keywords and include in library.model.files[source]:
                yield path, f"{base}_keywords.h"


def _tvm_header(plan: Plan) -> Callable[[ModulePlan], str]:
    """The module's header of TVM's, as src/model includes it. Headers of several libraries may
    have the same name."""

    def header(m: ModulePlan) -> str:
        path = m.module.header or ""
        if m.library == 0:
            return PurePosixPath(path).name
        return f"../../{plan.libraries[m.library].folder}/{path}"

    return header


def _section_of(plan: Plan, m: ModulePlan | None, kind: BufferKind, pool: str) -> str:
    owner = None if m is None else plan.modules.index(m)
    for buffer in plan.buffers:
        if (buffer.owner, buffer.kind) == (owner, kind) and pool in ("", buffer.pool):
            return buffer.section
    return ""


def _noinit(plan: Plan) -> Callable[..., str]:
    """The attribute of a buffer of ours that need not be cleared."""

    def attribute(m: ModulePlan | None, kind: str, pool: str = "") -> str:
        section = _section_of(plan, m, BufferKind(kind), pool)
        return f'__attribute__((section("{section}")))' if section else "MTVM_NOINIT"

    return attribute


def _rodata(plan: Plan) -> Callable[..., str]:
    """The attribute of constants of ours that lie in another memory; "" for all others."""

    def attribute(m: ModulePlan, kind: str, pool: str = "") -> str:
        section = _section_of(plan, m, BufferKind(kind), pool)
        return f'__attribute__((section("{section}"))) ' if section else ""

    return attribute


def _regions(plan: Plan) -> Regions:
    placed = [b for b in plan.buffers if b.section]
    return Regions(
        constants=_grouped(plan, [b for b in placed if b.constant]),
        noinit=_grouped(plan, [b for b in placed if not b.constant and not b.overlaps]),
        overlays=_grouped(plan, [b for b in placed if b.overlaps]),
    )


def _grouped(plan: Plan, buffers: list[Buffer]) -> tuple[Region, ...]:
    memories: dict[str, dict[str, dict[str, None]]] = {}
    for buffer in buffers:
        model = "" if buffer.owner is None else plan.modules[buffer.owner].c_name
        memories.setdefault(buffer.memory, {}).setdefault(model, {})[buffer.section] = None
    return tuple(
        Region(memory, tuple((model, tuple(sections)) for model, sections in groups.items()))
        for memory, groups in memories.items()
    )
