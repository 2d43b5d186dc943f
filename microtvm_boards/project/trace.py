"""A copy of a project whose firmware can look at each operator: template_project/src/trace.

Nothing in the project itself changes: in the copy, generated code calls every operator through a
function of src/trace/mtvm_calls.c.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microtvm_boards.errors import ModelError, ProjectError
from microtvm_boards.mlf import load
from microtvm_boards.mlf.c_main import read_main
from microtvm_boards.project.manifest import Project
from microtvm_boards.project.schedule import OperatorCall, Schedule, schedule_of
from microtvm_boards.resources import template_project

_TRACE = "src/trace"
_RPC_ONLY = ("trace_rpc.c", "trace_rpc.h")
_GRAPH_CALL = re.compile(r"\bRUN\((tvmgen_\w+), call_\d+\);")
_INCLUDE = '#include "mtvm_calls.h"\n'
_PACKED_PARAMETERS = (
    "void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5",
    "a0, a1, a2, a3, a4, a5",
)


@dataclass(frozen=True)
class TracedModel:
    schedule: Schedule
    first: int  # number of its first call among those of all models


@dataclass(frozen=True)
class TracedProject:
    """The copy, not built yet; call N of model M is call `models[M].first + N` of the firmware."""

    project: Project
    models: tuple[TracedModel, ...]

    @property
    def call_count(self) -> int:
        return sum(len(m.schedule.calls) for m in self.models)


def read_schedules(project: Project) -> tuple[TracedModel, ...]:
    """The operators of all models of `project`, from its model.tar.

    Raises ModelError when they can't be told apart, ProjectError for models of several libraries.
    """
    model = load(project.mlf)
    if len(model.modules) != len(project.models):
        raise ProjectError(
            f"{project.directory} has models of several libraries (option more_models); operators "
            "can be looked at in projects of one library alone.",
            hint=f"microtvm-boards create MODEL.tar NEW_PROJECT --board {project.board.name}",
        )
    models = []
    first = 0
    for module in model.modules:
        schedule = schedule_of(module, model.files)
        models.append(TracedModel(schedule, first))
        first += len(schedule.calls)
    return tuple(models)


def trace_project(project: Project, directory: Path) -> TracedProject:
    """Makes the copy in `directory`, or brings it up to date.

    Files that didn't change keep their times, so that a build compiles only what did. Raises
    ModelError or ProjectError as read_schedules does, and where the project's own sources call
    other operators than its model.tar.
    """
    models = read_schedules(project)
    files = _copied(project)
    _require_hooks(project, files)
    for number, traced in enumerate(models):
        path = _calling_file(project, number, traced.schedule)
        files[path] = _redirected(project, files.get(path, b""), path, traced)
    files["project.cmake"] += _settings(project)
    files.update(_trace_files(project, models))
    _write(directory, files)
    return TracedProject(Project.open(directory), models)


def _require_hooks(project: Project, files: Mapping[str, bytes]) -> None:
    file = "src/rpc/registry.c" if project.entrypoint == "packed" else "src/app/c_harness.c"
    if b"MTVM_TRACE" not in files.get(file, b""):
        raise ProjectError(
            f"{project.directory / file} has no commands for tracing: another version of "
            "microtvm-boards made it, or it was replaced.",
            hint=f"microtvm-boards create {project.mlf} NEW_PROJECT --board {project.board.name} "
            f"--model-entrypoint-api {project.entrypoint}",
        )


def _copied(project: Project) -> dict[str, bytes]:
    return {
        path.relative_to(project.directory).as_posix(): path.read_bytes()
        for path in _files(project.directory)
    }


def _files(directory: Path) -> Iterator[Path]:
    """All files but those of the build, and of folders like .git."""
    for top in directory.iterdir():
        if top.is_dir() and top.name != "build" and not top.name.startswith("."):
            yield from (path for path in top.rglob("*") if path.is_file())
        elif top.is_file():
            yield top


def _calling_file(project: Project, number: int, schedule: Schedule) -> str:
    if schedule.source:
        return f"model/{schedule.source}"
    return f"src/model/mtvm_{project.manifest['models'][number]['c_name']}.c"


def _redirected(project: Project, data: bytes, path: str, traced: TracedModel) -> bytes:
    """`data` with every call of an operator replaced by that of its function in mtvm_calls.c."""
    text = data.decode("utf-8", "surrogateescape")
    if traced.schedule.source:
        found = [(c.function, c.start, c.end) for c in read_main(text) or ()]
    else:
        found = [(m[1], m.start(1), m.end(1)) for m in _GRAPH_CALL.finditer(text)]
    if [function for function, *_ in found] != [c.function for c in traced.schedule.calls]:
        raise ProjectError(
            f"{project.directory / path} doesn't call the operators of {project.mlf.name} one "
            "after the other.",
            hint="create the project again",
        )
    pieces = [_INCLUDE]
    at = 0
    for number, (_, start, end) in enumerate(found, traced.first):
        pieces += [text[at:start], f"mtvm_call_{number}"]
        at = end
    return "".join([*pieces, text[at:]]).encode("utf-8", "surrogateescape")


def _settings(project: Project) -> bytes:
    sources = ["mtvm_trace.c", "mtvm_calls.c"]
    if project.entrypoint == "packed":
        sources.append("trace_rpc.c")
    lines = [
        "",
        "# Operators are traced.",
        f"list(APPEND MTVM_SOURCES {' '.join(f'{_TRACE}/{s}' for s in sources)})",
        f"list(APPEND MTVM_RUNTIME_INCLUDES {_TRACE})",
        "list(APPEND MTVM_DEFINITIONS MTVM_TRACE)",
    ]
    return ("\n".join(lines) + "\n").encode()


def _trace_files(project: Project, models: tuple[TracedModel, ...]) -> Iterator[tuple[str, bytes]]:
    from microtvm_boards.project.render import render_source

    calls = [_context(traced, call) for traced in models for call in traced.schedule.calls]
    context = {
        "calls": calls,
        "packed": any(call["packed"] and call["outputs"] for call in calls),
        "most_outputs": max(1, *(len(call["outputs"]) for call in calls)),
    }
    for path in sorted((template_project() / _TRACE).iterdir()):
        if path.name in _RPC_ONLY and project.entrypoint != "packed":
            continue
        if path.suffix == ".j2":
            source = f"{_TRACE}/{path.name}"
            yield source.removesuffix(".j2"), render_source(source, context)
        else:
            yield f"{_TRACE}/{path.name}", path.read_bytes()


def _context(traced: TracedModel, call: OperatorCall) -> Mapping[str, Any]:
    places = range(call.arguments)
    parameters, arguments = _PACKED_PARAMETERS
    if not call.packed:
        parameters = ", ".join(f"void *a{i}" for i in places)
        arguments = ", ".join(f"a{i}" for i in places)
    if not parameters:
        raise ModelError(f"{call.function} takes no arguments: there is nothing to look at.")
    values = traced.schedule.values
    return {
        "index": traced.first + call.number,
        "model": traced.schedule.module,
        "number": call.number,
        "function": call.function,
        "packed": call.packed,
        "parameters": parameters,
        "arguments": arguments,
        "outputs": [
            (place, values[value].size_bytes)
            for place, value in call.writes
            if values[value].size_bytes is not None
        ],
    }


def _write(directory: Path, files: Mapping[str, bytes]) -> None:
    try:
        for path, data in files.items():
            target = directory / path
            if target.is_file() and target.read_bytes() == data:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        for stale in _files(directory):
            if stale.relative_to(directory).as_posix() not in files:
                stale.unlink()
    except OSError as error:
        shutil.rmtree(directory, ignore_errors=True)
        raise ProjectError(f"{directory} can't be written: {error}.") from error
