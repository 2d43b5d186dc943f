"""Models exported by a real TVM on the spot: odd names, many outputs, and what TVM gets wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.errors import ModelError
from microtvm_boards.mlf import load
from microtvm_boards.model import Module
from microtvm_boards.relay.export import build_module, export_mlf, write_mlf

tvm = pytest.importorskip("tvm")
relay = pytest.importorskip("tvm.relay")
pytestmark = pytest.mark.tvm

KINDS: dict[str, dict[str, Any]] = {
    "c": {"interface": "c", "unpacked": True},
    "packed": {"system_lib": True},
    "pu": {"unpacked": True},
    "graph": {"executor": "graph", "system_lib": True},
}


def model(inputs: dict[str, tuple[int, ...]], outputs: list[str], odd: bool = False) -> Any:
    """int8 inputs; output i is all inputs added up, and subtracted from i."""
    variables = [relay.var(name, shape=shape, dtype="int8") for name, shape in inputs.items()]
    total = variables[0]
    for variable in variables[1:]:
        total = relay.add(total, variable)
    results = [relay.subtract(relay.const(i, "int8"), total) for i, _ in enumerate(outputs)]
    if odd:
        results = [relay.Tuple([results[0], relay.Tuple(results[1:])])]
    body = results[0] if len(results) == 1 else relay.Tuple(results)
    function = relay.Function(variables, body)
    if not outputs[0].startswith("output"):
        function = function.with_attr("output_tensor_names", outputs)
    return tvm.IRModule.from_expr(function)


def export(mod: Any, tmp_path: Path, kind: str, **options: Any) -> Module:
    path = export_mlf(mod, {}, tmp_path / "model.tar", **{**KINDS[kind], **options})
    (module,) = load(path).modules
    return module


@pytest.mark.parametrize("kind", KINDS)
def test_names_keep_their_spelling_and_order(tmp_path: Path, kind: str) -> None:
    mod = model({"ze:ta.1": (1, 4), "2nd/in": (1, 1), "Beta": (1,), "_a": ()}, ["y", "x"])
    module = export(mod, tmp_path, kind)
    assert [(t.name, t.shape) for t in module.inputs] == [
        ("ze:ta.1", (1, 4)),
        ("2nd/in", (1, 1)),
        ("Beta", (1,)),
        ("_a", ()),
    ]
    assert [(t.name, t.shape) for t in module.outputs] == [("y", (1, 4)), ("x", (1, 4))]
    assert module.notes == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_dozen_outputs_without_names_are_counted_and_not_sorted(
    tmp_path: Path, kind: str
) -> None:
    names = [f"output{i}" for i in range(12)]
    module = export(model({"x": (2,)}, names), tmp_path, kind)
    assert [t.name for t in module.outputs] == names


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_scalar_output_has_no_dimensions(tmp_path: Path, kind: str) -> None:
    module = export(model({"x": ()}, ["output"]), tmp_path, kind)
    assert [(t.name, t.shape, t.size_bytes) for t in module.outputs] == [("output", (), 1)]


@pytest.mark.parametrize("kind", ["packed", "graph"])
def test_nested_outputs_are_flattened(tmp_path: Path, kind: str) -> None:
    names = ["output0", "output1", "output2"]
    module = export(model({"x": (2,)}, names, odd=True), tmp_path, kind)
    assert [t.name for t in module.outputs] == names


def test_a_module_name_that_breaks_tvms_c_code_is_refused(tmp_path: Path) -> None:
    mod = model({"x": (2,)}, ["y"])
    with pytest.raises(ModelError, match=r'called "my-model".* compile'):
        export(mod, tmp_path, "packed", name="my-model")
    with pytest.raises(ModelError, match=r'called "MyModel".* compile'):
        export(mod, tmp_path, "c", name="MyModel")
    assert export(mod, tmp_path, "packed", name="MyModel").entry is not None


@pytest.mark.parametrize("kind", ["c", "packed", "pu"])
def test_an_output_name_that_breaks_tvms_c_code_is_refused(tmp_path: Path, kind: str) -> None:
    mod = model({"x": (2,)}, ["out/x", "y"])
    with pytest.raises(ModelError, match=r'called "out/x".* compile'):
        export(mod, tmp_path, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_output_names_that_do_not_are_taken(tmp_path: Path, kind: str) -> None:
    names = ["out/x" if kind == "graph" else "Stateful:0", "a"]  # TVM makes ":" a "_"
    module = export(model({"x": (2,)}, names), tmp_path, kind)
    assert [t.name for t in module.outputs] == names


def _conv() -> Any:
    x = relay.var("x", shape=(1, 8, 8, 3))
    w = relay.const(np.ones((3, 3, 3, 4), "float32"))
    y = relay.nn.conv2d(x, w, padding=(1, 1), data_layout="NHWC", kernel_layout="HWIO")
    return tvm.IRModule.from_expr(relay.Function([x], relay.nn.relu(relay.nn.softmax(y))))


def test_pools_that_the_packed_interface_does_not_pass_on_are_refused(tmp_path: Path) -> None:
    from tvm.ir.memory_pools import WorkspaceMemoryPools, WorkspacePoolInfo
    from tvm.relay.backend import Executor, Runtime

    target = tvm.target.Target("c")
    with tvm.transform.PassContext(opt_level=3, config={"tir.disable_vectorize": True}):
        built = tvm.relay.build(
            _conv(),
            target=target,
            executor=Executor("aot", {"interface-api": "packed", "unpacked-api": False}),
            runtime=Runtime("crt", {"system-lib": True}),
            workspace_memory_pools=WorkspaceMemoryPools([WorkspacePoolInfo("sram", [target])]),
        )
    path = write_mlf([built], tmp_path / "model.tar")
    with pytest.raises(ModelError, match="workspace pools of the application's own"):
        load(path)


def test_code_from_llvm_alone_has_no_place_for_the_planners_buffers(tmp_path: Path) -> None:
    built = build_module(_conv(), {}, system_lib=True, target="llvm -mtriple=x86_64-linux-gnu")
    path = write_mlf([built], tmp_path / "model.tar")
    with pytest.raises(ModelError, match=r"takes 4 arguments, but it has 2 inputs and outputs"):
        load(path)
