"""Copies of projects that trace operators, as they are written; nothing is built."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.errors import ProjectError
from microtvm_boards.model.redirect import Call, Redirects
from microtvm_boards.project.manifest import MANIFEST
from microtvm_boards.project.project import Project
from microtvm_boards.project.write.trace import read_schedule, trace_project
from tests.conftest import DATA

MakeProject = Callable[..., Project]
TEXT = "int run(void) { return a(1) + b(2) + a(3); }\n"
CALLS = (Call("a", 23, 24), Call("b", 30, 31), Call("a", 37, 38))


def redirects(**fields: object) -> Redirects:
    known: dict[str, object] = {
        "renames": {"b": "x_b"},
        "functions": ("a", "x_b", "a"),
        "targets": {0: "watch_0", 2: "watch_2"},
        "header": "calls.h",
    }
    return Redirects(**{**known, **fields})  # type: ignore[arg-type]


def test_calls_lead_to_their_targets_and_others_stay() -> None:
    assert redirects().apply(TEXT, CALLS) == (
        '#include "calls.h"\nint run(void) { return watch_0(1) + b(2) + watch_2(3); }\n'
    )


@pytest.mark.parametrize(
    "fields", [{"functions": ("a", "b", "a")}, {"functions": ("a", "x_b")}, {"renames": {}}]
)
def test_calls_that_were_not_planned_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        redirects(**fields).apply(TEXT, CALLS)


@pytest.fixture
def two(make_project: MakeProject) -> Project:
    """Two models of the same names; symbols of the second are renamed."""
    return make_project(
        "foo_c", model_entrypoint_api="c", more_models=[f"b:{DATA / 'foo_graph.tar'}"]
    )


def without_renames(project: Project) -> Project:
    """As an earlier version made it."""
    path = project.directory / MANIFEST
    document = json.loads(path.read_text())
    for model in document["models"]:
        del model["renames"]
    path.write_text(json.dumps(document))
    return Project.open(project.directory)


def test_renamed_operators_are_traced_under_their_names(two: Project, tmp_path: Path) -> None:
    renames = two.models[1].renames
    assert renames
    assert two.models[0].renames == {}
    names = [call.function for call in read_schedule(two, 1).calls]
    assert set(names) <= set(renames.values())
    traced = trace_project(two, tmp_path / "traced")
    calls = (tmp_path / "traced/src/trace/mtvm_calls.c").read_text()
    assert all(f"{name}(" in calls for name in names)
    own = traced.models[1]
    graph = (tmp_path / "traced/src/model/mtvm_b.c").read_text()
    assert all(f"RUN(mtvm_call_{own.first + n}, call_{n});" in graph for n in range(len(names)))


def test_what_an_earlier_version_renamed_isnt_known(two: Project, tmp_path: Path) -> None:
    old = without_renames(two)
    assert read_schedule(old, 0).calls, "nothing of the first library is renamed"
    with pytest.raises(ProjectError, match=r"doesn't say which symbols of models/b\.tar") as caught:
        trace_project(old, tmp_path / "traced")
    assert caught.value.hint == "create the project again"
    assert not (tmp_path / "traced").exists()


@pytest.mark.parametrize("number", [0, 1])
def test_code_that_calls_other_operators_is_refused(
    two: Project, tmp_path: Path, number: int
) -> None:
    traced = trace_project(two, tmp_path / "traced").models[number]
    name = traced.schedule.source
    path = two.directory / (f"model/{name}" if name else "src/model/mtvm_b.c")
    call = "RUN(tvmgen_" if not name else "if (tvmgen_"
    text = path.read_text()
    assert call in text
    path.write_text(text.replace(call, call + "other_", 1))
    with pytest.raises(ProjectError, match="one after the other"):
        trace_project(two, tmp_path / "traced")
