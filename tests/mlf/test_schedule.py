"""The order of operators and the tensors between them, from code and graphs of a real TVM."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from microtvm_boards.errors import OperatorsUnseenError
from microtvm_boards.mlf import load
from microtvm_boards.mlf.schedule import schedule_of
from microtvm_boards.model.graph import NOP, Graph, GraphEntry, GraphNode
from microtvm_boards.model.schedule import Schedule
from tests.conftest import DATA, DIGITS

FOO = [DATA / f"foo_{kind}.tar" for kind in ("c", "c_nousmp", "graph", "graphlp", "packed", "pu")]


def read(path: Path, number: int = 0) -> Schedule:
    model = load(path)
    return schedule_of(model.modules[number], model.files)


def written(schedule: Schedule) -> list[list[int | None]]:
    return [[schedule.values[v].size_bytes for _, v in call.writes] for call in schedule.calls]


@pytest.mark.parametrize("path", FOO, ids=lambda p: p.stem)
def test_every_kind_of_library_gives_the_same_schedule(path: Path) -> None:
    """A graph says its sizes; those of AOT code are read out of loops and have to be the same."""
    graph, found = read(DATA / "foo_graph.tar"), read(path)
    assert written(found) == written(graph)
    assert [len(call.reads) for call in found.calls] == [len(call.reads) for call in graph.calls]
    assert {v.name for v in found.values if v.kind == "input"} == {"zeta", "alpha"}
    outputs = [v for v in found.values if v.kind == "output"]
    assert [(v.name, v.size_bytes) for v in outputs] == [("scores", 5), ("features", 256)]
    assert all(v.last_use == len(found.calls) for v in outputs)


@pytest.mark.parametrize("path", [*FOO, *sorted(DIGITS.glob("*.tar"))], ids=lambda p: p.stem)
def test_what_lives_fits_the_workspace_that_tvm_counts(path: Path) -> None:
    model = load(path)
    schedule = schedule_of(model.modules[0], model.files)
    peak = max(schedule.live_bytes(call.number) or 0 for call in schedule.calls)
    planned = model.modules[0].workspace_bytes
    assert peak <= planned
    # TVM plans aligned and for whole lifetimes; it is never twice of what is needed.
    assert 2 * peak > planned


def test_a_plan_without_gaps_is_as_large_as_what_lives() -> None:
    model = load(DIGITS / "digits_c.tar")
    schedule = schedule_of(model.modules[0], model.files)
    assert (
        max(schedule.live_bytes(n) or 0 for n in range(3))
        == model.modules[0].workspace_bytes
        == 576
    )


def test_each_module_has_its_own(tmp_path: Path) -> None:
    first, second = (read(DATA / "two_modules_c.tar", n) for n in (0, 1))
    assert (first.module, second.module) == ("first", "second")
    assert len(first.calls) == len(second.calls) == 4
    assert written(first) != written(second)


@pytest.mark.parametrize("name", ["objects_x86", "objects_x86_nousmp"])
def test_kernels_in_objects_are_told_apart_where_they_are_called(name: str) -> None:
    """The same calls as of C kernels; what they write is known of the model's outputs alone."""
    found, same = read(DATA / f"{name}.tar"), read(DATA / "foo_c.tar")
    assert [c.function for c in found.calls] == [c.function for c in same.calls]
    assert [len(c.reads) for c in found.calls] == [len(c.reads) for c in same.calls]
    assert written(found) == [[None]] * 6 + [[5], [256]]
    assert all(c.in_object for c in found.calls)
    assert found.live_bytes(0) is None


def test_calls_in_objects_cannot_be_told_apart() -> None:
    with pytest.raises(OperatorsUnseenError, match="in an object file, too") as error:
        read(DATA / "objects_packed_x86.tar")
    assert "target c" in error.value.hint


def test_a_graph_without_operators_has_nothing_to_look_at() -> None:
    model = load(DATA / "foo_graph.tar")
    entries = (GraphEntry(0, 0, "int8", (4,), 0), GraphEntry(1, 0, "int8", (2, 2), 0))
    nodes = (GraphNode("x", "null", "", (), (0,)), GraphNode("y", "tvm_op", NOP, (0,), (1,)))
    module = replace(model.modules[0], graph=Graph(nodes, entries, (1,)))
    with pytest.raises(OperatorsUnseenError, match="calls no operators"):
        schedule_of(module, model.files)
