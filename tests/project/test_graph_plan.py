"""A graph becomes straight calls; storage is shared exactly as TVM planned it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from microtvm_boards.errors import ModelError
from microtvm_boards.model import Executor, Graph, GraphEntry, GraphNode, Module, Param, Tensor
from microtvm_boards.project.plan.graph import GraphCopy, plan_graph


def tensor(name: str, size: int = 4) -> Tensor:
    return Tensor(name, "int8", (size,), size)


def module(graph: Graph, inputs: tuple[str, ...], outputs: int, params: tuple[str, ...]) -> Module:
    return Module(
        name="m",
        executor=Executor.GRAPH,
        entry=None,
        inputs=tuple(tensor(name) for name in inputs),
        outputs=tuple(tensor(f"output{i}") for i in range(outputs)),
        workspace_bytes=0,
        kernel_workspace_bytes=0,
        constants_bytes=0,
        calls_workspace_alloc=False,
        pools=(),
        devices=(),
        operators=(),
        targets=("c",),
        sources=(),
        header=None,
        graph=graph,
        params=tuple(Param(name, "int8", (4,), b"\1\2\3\4") for name in params),
    )


def entry(node: int, storage: int, shape: tuple[int, ...] = (4,)) -> GraphEntry:
    return GraphEntry(node, 0, "int8", shape, storage)


def null(name: str, index: int) -> GraphNode:
    return GraphNode(name, "null", "", (), (index,))


def call(function: str, inputs: tuple[int, ...], output: int, flatten: bool = False) -> GraphNode:
    return GraphNode(function, "tvm_op", function, inputs, (output,), flatten)


# x, w -> first -> second -> third: `first` and `third` share storage 2.
CHAIN = Graph(
    nodes=(
        null("x", 0),
        null("w", 1),
        call("first", (0, 1), 2),
        call("second", (2,), 3),
        call("third", (3,), 4),
    ),
    entries=(entry(0, 0), entry(1, 1), entry(2, 2, (8,)), entry(3, 3), entry(4, 2)),
    outputs=(4,),
)


def test_inputs_outputs_and_parameters_are_not_copied() -> None:
    plan = plan_graph(module(CHAIN, ("x",), 1, ("w",)))
    where = {t.name: (t.where, t.slot) for t in plan.tensors}
    assert where == {
        "tensor_0": ("input", 0),
        "tensor_1": ("param", "w"),
        "tensor_2": ("storage", 2),
        "tensor_3": ("storage", 3),
        "tensor_4": ("output", 0),
    }
    assert [c.function for c in plan.calls] == ["first", "second", "third"]
    assert plan.calls[0].arguments == ("tensor_0", "tensor_1", "tensor_2")
    assert plan.copies == ()


def test_an_output_leaves_the_storage_that_it_shared() -> None:
    plan = plan_graph(module(CHAIN, ("x",), 1, ("w",)))
    assert plan.storage == ((2, 8), (3, 4))


def test_a_nop_is_not_called_and_shares_memory_with_its_input() -> None:
    graph = Graph(
        nodes=(null("x", 0), call("work", (0,), 1), call("__nop", (1,), 2)),
        entries=(entry(0, 0), entry(1, 1), entry(2, 1, (2, 2))),
        outputs=(2,),
    )
    plan = plan_graph(module(graph, ("x",), 1, ()))
    assert [c.function for c in plan.calls] == ["work"]
    assert [(t.where, t.shape) for t in plan.tensors] == [("input", (4,)), ("output", (4,))]
    assert plan.storage == ()


def test_an_output_that_is_an_input_is_copied() -> None:
    graph = Graph(nodes=(null("x", 0),), entries=(entry(0, 0),), outputs=(0,))
    plan = plan_graph(module(graph, ("x",), 1, ()))
    assert plan.copies == (GraphCopy("tensor_0", 0),)


def test_one_tensor_as_two_outputs_is_written_once_and_copied() -> None:
    graph = replace(CHAIN, outputs=(4, 4))
    plan = plan_graph(module(graph, ("x",), 2, ("w",)))
    assert plan.copies == (GraphCopy("tensor_4", 1),)


def test_an_output_that_a_later_call_reads_is_read_from_the_callers_buffer() -> None:
    graph = replace(CHAIN, outputs=(3, 4))
    plan = plan_graph(module(graph, ("x",), 2, ("w",)))
    where = {t.name: t.where for t in plan.tensors}
    assert where["tensor_3"] == "output"
    assert plan.calls[2].arguments == ("tensor_3", "tensor_4")


def test_flattened_operators_see_one_dimension() -> None:
    graph = Graph(
        nodes=(null("x", 0), call("work", (0,), 1, flatten=True)),
        entries=(entry(0, 0, (2, 2)), entry(1, 1, (2, 2))),
        outputs=(1,),
    )
    plan = plan_graph(module(graph, ("x",), 1, ()))
    assert {t.shape for t in plan.tensors} == {(4,)}


def test_a_name_that_is_neither_input_nor_parameter_is_an_error() -> None:
    with pytest.raises(ModelError, match='reads "w"'):
        plan_graph(module(CHAIN, ("x",), 1, ()))
