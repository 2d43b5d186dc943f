"""A copy of a project whose firmware can look at each operator: template_project/src/trace.

Nothing in the project itself changes: in the copy, generated code calls every operator through a
function of src/trace/mtvm_calls.c.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from microtvm_boards.errors import ModelError, OperatorsUnseenError, ProjectError
from microtvm_boards.mlf import load
from microtvm_boards.mlf.c.main import read_main
from microtvm_boards.mlf.schedule import schedule_of
from microtvm_boards.model import Model
from microtvm_boards.model.redirect import Call, Redirects, Renames
from microtvm_boards.model.schedule import OperatorCall, Schedule
from microtvm_boards.project.manifest import MANIFEST, MODEL_TAR
from microtvm_boards.project.plan.parts.planned import TEMPLATE
from microtvm_boards.project.plan.parts.trace import FOLDER, trace_files, trace_sources
from microtvm_boards.project.project import Project
from microtvm_boards.resources import template_project

_GRAPH_CALL = re.compile(r"\bRUN\((tvmgen_\w+), call_\d+\);")
_HEADER = "mtvm_calls.h"
_PACKED_PARAMETERS = (
    "void *a0, void *a1, int32_t a2, void *a3, void *a4, void *a5",
    "a0, a1, a2, a3, a4, a5",
)


@dataclass(frozen=True)
class TracedModel:
    number: int  # in the project
    schedule: Schedule  # functions have their names in the firmware
    first: int  # number of its first call among those of all models
    redirects: Redirects  # of its calls, to functions of src/trace/mtvm_calls.c


@dataclass(frozen=True)
class TracedProject:
    """The copy, not built yet; call N of model M is call `models[M].first + N` of the firmware.

    Models whose operators can't be told apart aren't in `models`; `unseen` has why.
    """

    project: Project
    models: Mapping[int, TracedModel]
    unseen: Mapping[int, OperatorsUnseenError]

    @property
    def call_count(self) -> int:
        return sum(len(m.schedule.calls) for m in self.models.values())

    def model(self, number: int) -> TracedModel:
        """Raises OperatorsUnseenError for one whose operators can't be told apart."""
        if number in self.unseen:
            raise self.unseen[number]
        return self.models[number]


def read_schedule(project: Project, number: int) -> Schedule:
    """The operators of a model of `project` from its model library, under their names in the
    firmware.

    Raises OperatorsUnseenError when they can't be told apart, ModelError for a damaged library,
    ProjectError when the project doesn't say what was renamed.
    """
    return _read_schedule(project, number, load(project.directory / project.models[number].library))


def _read_schedule(project: Project, number: int, library: Model) -> Schedule:
    module = library.modules[project.place_in_library(number)]
    schedule = schedule_of(module, library.files)
    renames = _renames(project, number)
    calls = (replace(c, function=renames.get(c.function, c.function)) for c in schedule.calls)
    return replace(schedule, module=project.models[number].name, calls=tuple(calls))


def _renames(project: Project, number: int) -> Renames:
    model = project.models[number]
    if model.renames is not None:
        return model.renames
    if model.library == MODEL_TAR:  # nothing of the first library was ever renamed
        return {}
    raise ProjectError(
        f"{project.directory / MANIFEST} doesn't say which symbols of {model.library} were renamed:"
        " an earlier version of microtvm-boards made it.",
        hint="create the project again",
    )


def _read_all(
    project: Project,
) -> tuple[dict[int, TracedModel], dict[int, OperatorsUnseenError]]:
    """Raises OperatorsUnseenError where it would for every model."""
    read = cache(load)
    models: dict[int, TracedModel] = {}
    unseen: dict[int, OperatorsUnseenError] = {}
    first = 0
    for number, model in enumerate(project.models):
        try:
            library = read(project.directory / model.library)
            schedule = _read_schedule(project, number, library)
        except OperatorsUnseenError as error:
            unseen[number] = error
            continue
        redirects = Redirects(
            renames=_renames(project, number),
            functions=tuple(call.function for call in schedule.calls),
            targets={c.number: f"mtvm_call_{first + c.number}" for c in schedule.calls},
            header=_HEADER,
        )
        models[number] = TracedModel(number, schedule, first, redirects)
        first += len(schedule.calls)
    if not models:
        raise unseen[0]
    return models, unseen


def trace_project(project: Project, directory: Path) -> TracedProject:
    """Makes the copy in `directory`, or brings it up to date.

    Files that didn't change keep their times, so that a build compiles only what did. Raises
    OperatorsUnseenError when no model's operators can be told apart, ProjectError where the
    project's own sources call other operators than its model library.
    """
    models, unseen = _read_all(project)
    files = _copied(project)
    _require_hooks(project, files)
    for traced in models.values():
        path = _calling_file(project, traced)
        files[path] = _redirected(project, files.get(path, b""), path, traced)
    files["project.cmake"] += _settings(project)
    files.update(_trace_files(project, tuple(models.values())))
    _write(directory, files)
    return TracedProject(Project.open(directory), models, unseen)


def _require_hooks(project: Project, files: Mapping[str, bytes]) -> None:
    file = (
        "src/rpc/features/features.c" if project.entrypoint == "packed" else "src/app/c_harness.c"
    )
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


def _calling_file(project: Project, traced: TracedModel) -> str:
    model = project.models[traced.number]
    if traced.schedule.source:
        return f"{model.library.removesuffix('.tar')}/{traced.schedule.source}"
    return f"src/model/mtvm_{model.c_name}.c"


def _redirected(project: Project, data: bytes, path: str, traced: TracedModel) -> bytes:
    """`data` with every call of an operator replaced by that of its function in mtvm_calls.c."""
    text = data.decode("utf-8", "surrogateescape")
    if traced.schedule.source:
        found = [Call(c.function, c.start, c.end) for c in read_main(text) or ()]
    else:
        found = [Call(m[1], m.start(1), m.end(1)) for m in _GRAPH_CALL.finditer(text)]
    try:
        text = traced.redirects.apply(text, found)
    except ValueError:
        raise ProjectError(
            f"{project.directory / path} doesn't call the operators of "
            f"{project.models[traced.number].library} one after the other.",
            hint="create the project again",
        ) from None
    return text.encode("utf-8", "surrogateescape")


def _settings(project: Project) -> bytes:
    sources = [name.removesuffix(TEMPLATE) for name in trace_sources(project.entrypoint)]
    lines = [
        "",
        "# Operators are traced.",
        f"list(APPEND MTVM_SOURCES {' '.join(f'{FOLDER}/{s}' for s in sources)})",
        f"list(APPEND MTVM_RUNTIME_INCLUDES {FOLDER})",
        "list(APPEND MTVM_DEFINITIONS MTVM_TRACE)",
    ]
    return ("\n".join(lines) + "\n").encode()


def _trace_files(project: Project, models: tuple[TracedModel, ...]) -> Iterator[tuple[str, bytes]]:
    from microtvm_boards.project.write.templates import render_source

    calls = [_context(traced, call) for traced in models for call in traced.schedule.calls]
    context = {
        "calls": calls,
        "packed": any(call["packed"] and call["outputs"] for call in calls),
        "most_outputs": max(1, *(len(call["outputs"]) for call in calls)),
    }
    for name in trace_files(project.entrypoint):
        source = f"{FOLDER}/{name}"
        if name.endswith(TEMPLATE):
            yield source.removesuffix(TEMPLATE), render_source(source, context)
        else:
            yield source, (template_project() / source).read_bytes()


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
