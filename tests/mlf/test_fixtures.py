"""The tars in tests/data, made by a real TVM 0.16: what `load` says of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.mlf import load
from microtvm_boards.model import (
    Executor,
    Interface,
    Model,
    Module,
    Pool,
    Quantization,
    Style,
    Tensor,
)

DATA = Path(__file__).parent.parent / "data"
TARS = sorted(path.stem for path in DATA.glob("*.tar"))
FOO = ["foo_c", "foo_packed", "foo_pu", "foo_graph", "foo_graphlp", "foo_c_nousmp"]
FOO += ["pools_c", "pools_constants_c", "pools_io_c", "objects_x86", "objects_arm"]


def read(name: str) -> Model:
    return load(DATA / f"{name}.tar")


def only(name: str) -> Module:
    (module,) = read(name).modules
    return module


@pytest.mark.parametrize("name", FOO)
def test_inputs_and_outputs_come_in_the_order_of_the_model_and_not_of_the_alphabet(
    name: str,
) -> None:
    module = only(name)
    assert module.inputs == (
        Tensor("zeta", "int8", (1, 8, 8, 3), 192, Quantization(0.5, 3)),
        Tensor("alpha", "int8", (1, 8, 8, 3), 192, Quantization(0.25, -7)),
    )
    assert module.outputs == (
        Tensor("scores", "int8", (1, 5), 5, Quantization(0.125, -5)),
        Tensor("features", "int8", (1, 8, 8, 4), 256, Quantization(2.0, 11)),
    )
    assert module.notes == ()


@pytest.mark.parametrize("name", [n for n in TARS if not n.startswith("operator")])
def test_every_tensor_has_the_type_of_the_reference_data(name: str) -> None:
    family = name.split("_")[0].replace("two", "two_modules")
    family = {"pools": "foo", "objects": "foo"}.get(family, family)
    if name in ("objects_packed_x86", "objects_graph_x86"):
        family = "keywords"
    with np.load(DATA / f"{family}.npz") as arrays:
        for module in read(name).modules:
            for prefix, tensors in (("in", module.inputs), ("out", module.outputs)):
                for tensor in tensors:
                    array = arrays[f"{prefix}_{tensor.name}"]
                    assert (str(array.dtype), array.shape[1:]) == (tensor.dtype, tensor.shape)
                    assert array[0].nbytes == tensor.size_bytes
            assert not module.notes


@pytest.mark.parametrize(
    ("name", "executor", "interface"),
    [
        ("foo_c", Executor.AOT, Interface.C),
        ("foo_packed", Executor.AOT, Interface.PACKED),
        ("foo_pu", Executor.AOT, Interface.PACKED),
        ("foo_graph", Executor.GRAPH, None),
        ("objects_x86", Executor.AOT, Interface.C),
    ],
)
def test_the_entry_point_has_the_interface_that_was_asked_for(
    name: str, executor: Executor, interface: Interface | None
) -> None:
    module = only(name)
    assert module.executor is executor
    assert (module.entry.interface if module.entry else None) is interface
    assert (module.entry.symbol if module.entry else "tvmgen_foo_run") == "tvmgen_foo_run"
    assert (module.header is not None) == (interface is Interface.C)


@pytest.mark.parametrize(
    ("name", "static", "allocates"),
    [
        ("foo_c", 2784, False),
        ("foo_packed", 2784, False),
        ("foo_pu", 2784, False),
        ("foo_c_nousmp", 0, True),
        ("foo_graph", 0, True),
        ("foo_graphlp", 0, True),
        ("objects_x86", 2784, False),
        ("objects_x86_nousmp", 0, True),
        ("pools_c", 0, False),
        ("keywords_c", 0, False),
    ],
)
def test_an_arena_is_needed_where_kernels_ask_for_one_and_the_planner_made_none(
    name: str, static: int, allocates: bool
) -> None:
    module = only(name)
    assert sum(buffer.size_bytes for buffer in module.static_buffers) == static
    assert module.calls_workspace_alloc is allocates
    assert bool(module.kernel_workspace_bytes) is allocates


def test_pools_of_the_application_are_listed_in_the_order_of_the_struct() -> None:
    fast, slow = only("pools_c").pools
    assert (fast.name, slow.name) == ("fast_memory", "slow_memory")
    assert fast.size_bytes + slow.size_bytes == only("pools_c").workspace_bytes
    first, second = read("two_modules_pools_c").modules
    assert [p.name for p in first.pools] == ["fast_memory"]
    assert [p.name for p in second.pools] == ["fast_memory", "slow_memory"]


def test_a_pool_of_constants_names_the_macro_with_its_bytes() -> None:
    module = only("pools_constants_c")
    assert module.pools[0] == Pool("flash", 1104, "TVMGEN_FOO_FLASH_CONSTANT_POOL_DATA")
    assert module.pools[1].constant_data is None


def test_an_entry_whose_tensors_lie_in_a_pool_is_marked() -> None:
    entries = {name: only(name).entry for name in ("pools_io_c", "pools_c")}
    assert {name: e.io_in_pools for name, e in entries.items() if e} == {
        "pools_io_c": True,
        "pools_c": False,
    }


def test_the_graph_comes_with_its_parameters() -> None:
    module = only("foo_graph")
    assert module.graph is not None
    assert len(module.params) == 6
    nodes = {node.name: node for node in module.graph.nodes}
    for param in module.params:
        entry = module.graph.entries[nodes[param.name].outputs[0]]
        assert (entry.dtype, entry.shape) == (param.dtype, param.shape)
    outputs = [module.graph.entries[i] for i in module.graph.outputs]
    assert [e.shape for e in outputs] == [t.shape for t in module.outputs]
    assert only("foo_graphlp").params == ()


@pytest.mark.parametrize("name", TARS)
def test_the_system_library_is_there_when_it_was_asked_for(name: str) -> None:
    asked = any(kind in name for kind in ("packed", "graph", "operator"))
    assert read(name).system_lib is asked


def test_objects_call_the_runtime_directly_or_through_pointers() -> None:
    assert read("objects_packed_x86").runtime_calls == {"TVMAPISetLastError"}
    assert read("objects_x86").runtime_calls == frozenset()
    assert read("objects_x86_nousmp").runtime_calls == {
        "TVMBackendAllocWorkspace",
        "__TVMBackendAllocWorkspace",
        "TVMBackendFreeWorkspace",
        "__TVMBackendFreeWorkspace",
    }


def test_code_from_llvm_alone_is_entered_at_its_main() -> None:
    entry = only("objects_packed_x86").entry
    assert entry is not None
    assert (entry.symbol, entry.interface) == ("tvmgen_int___tvm_main__", Interface.PACKED)


def test_operator_style_has_functions_and_no_executor() -> None:
    model = read("operator")
    (module,) = model.modules
    assert (model.style, module.executor, module.entry) == (Style.OPERATOR, None, None)
    (function,) = module.operators
    assert function.name == "bias_add"
    assert [(t.name, t.dtype, t.shape) for t in function.tensors] == [
        ("arg0", "int8", (4, 8)),
        ("arg1", "int8", (1, 8)),
        ("arg2", "int32", (4, 8)),
    ]


def test_operators_say_how_much_workspace_they_take() -> None:
    assert only("operator").kernel_workspace_bytes == 0
    assert only("operator_workspace").kernel_workspace_bytes == 18 * 18 * 4 * 2


@pytest.mark.parametrize("name", TARS)
def test_what_every_model_says(name: str) -> None:
    model = read(name)
    assert model.version == 7
    assert len(model.sha256) == 64
    assert "metadata.json" in model.files
    for module in model.modules:
        assert module.sources
        assert all(source in model.files for source in module.sources)
        assert module.targets[0].split()[0] in ("c", "llvm")
    aot = any(m.executor is Executor.AOT for m in model.modules)
    assert model.tvm_version == ("0.16.dev0" if aot else None)
