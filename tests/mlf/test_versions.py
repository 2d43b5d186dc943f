"""Models of every version, executor and interface come back exactly, whatever they are called."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microtvm_boards.errors import ModelError
from microtvm_boards.mlf import load
from microtvm_boards.model import Executor, Interface, Model, Style, Tensor
from tests.mlf.builder import BYTES, Spec, T, mlf, tar

KINDS = ("c", "packed", "pu", "graph")

_names = st.lists(
    st.from_regex(r"[A-Za-z_][A-Za-z0-9_:./]{0,12}", fullmatch=True),
    min_size=5,
    max_size=16,
    unique_by=lambda name: T(name).field,
)
_shapes = st.lists(st.integers(1, 9), max_size=5).map(tuple)
_tensors = st.builds(lambda d, s: ("", d, s), st.sampled_from(sorted(BYTES)), _shapes)


@st.composite
def specs(draw: st.DrawFn, **fixed: Any) -> Spec:
    names = draw(_names)
    tensors = [T(name, *draw(_tensors)[1:]) for name in names]
    inputs = draw(st.integers(1, len(tensors) - 3))
    weights = draw(st.integers(0, 1))
    return Spec(
        inputs=tuple(tensors[:inputs]),
        weights=tuple(tensors[inputs : inputs + weights]),
        outputs=tuple(
            replace(t, name=t.field)
            for t in tensors[inputs + weights :]  # see _check_aot
        ),
        **fixed,
    )


def load_bytes(tmp_path: Path, data: bytes) -> Model:
    path = tmp_path / "model.tar"
    path.write_bytes(data)
    return load(path)


def read(tmp_path: Path, *spec: Spec) -> Model:
    return load_bytes(tmp_path, tar(mlf(*spec)))


def expected(tensors: tuple[T, ...]) -> tuple[Tensor, ...]:
    return tuple(Tensor(t.name, t.dtype, t.shape, t.size) for t in tensors)


quick = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@quick
def test_version_7_gives_inputs_and_outputs_in_the_order_of_the_entry(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    spec = data.draw(specs(kind=kind))
    (module,) = read(tmp_path, spec).modules
    assert module.inputs == expected(spec.inputs)
    assert module.outputs == expected(spec.outputs)
    assert module.notes == ()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@quick
def test_without_sizes_in_metadata_as_before_tvm_0_11_shapes_still_come_from_elsewhere(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    spec = data.draw(specs(kind=kind, sizes=False))
    (module,) = read(tmp_path, spec).modules
    assert [t.shape for t in module.inputs] == [t.shape for t in spec.inputs]
    assert [t.size_bytes for t in module.outputs] == [t.size for t in spec.outputs]
    assert [t.name for t in module.outputs] == [t.name for t in spec.outputs]


@pytest.mark.parametrize("version", [5, 6])
@pytest.mark.parametrize("kind", KINDS)
def test_versions_5_and_6_are_read_with_their_flat_layout(
    tmp_path: Path, version: int, kind: str
) -> None:
    spec = Spec(
        kind=kind,
        version=version,
        sizes=False,
        output_names=False,
        inputs=(T("zeta", "float32", (1, 3)), T("alpha", "int8", (2,))),
        outputs=(T("output0", "float32", (1, 2)), T("output1", "int32", ())),
    )
    model = read(tmp_path, spec)
    (module,) = model.modules
    assert (model.version, model.style) == (version, Style.FULL_MODEL)
    assert module.inputs == expected(spec.inputs)
    assert module.outputs == expected(spec.outputs)
    assert module.targets == ("c -keys=cpu",)
    assert module.kernel_workspace_bytes == 32
    assert module.executor is (Executor.GRAPH if kind == "graph" else Executor.AOT)
    if kind != "graph":
        assert module.entry is not None
        assert module.entry.symbol == "tvmgen_default_run"
        assert module.entry.interface is (Interface.C if kind == "c" else Interface.PACKED)


def test_in_version_5_weights_are_told_from_inputs_by_the_arguments_of_the_entry(
    tmp_path: Path,
) -> None:
    spec = Spec(
        kind="packed", version=5, sizes=False, output_names=False, weights=(T("w"), T("bias"))
    )
    (module,) = read(tmp_path, spec).modules
    assert [t.name for t in module.inputs] == ["x"]
    assert "doesn't say which of them are weights" in module.notes[0]


def test_a_graph_in_version_5_needs_no_such_guess(tmp_path: Path) -> None:
    spec = Spec(kind="graph", version=5, sizes=False, weights=(T("p0"), T("p1", "int32", (3,))))
    (module,) = read(tmp_path, spec).modules
    assert [t.name for t in module.inputs] == ["x"]
    assert [(p.name, p.dtype, p.shape) for p in module.params] == [
        ("p0", "int8", (1, 4)),
        ("p1", "int32", (3,)),
    ]
    assert module.params[1].data == b"\x01" * 12
    assert module.notes == ()


def test_without_relay_text_the_c_interface_gives_sizes_alone_and_says_so(tmp_path: Path) -> None:
    (module,) = read(tmp_path, Spec(relay=False)).modules
    assert module.inputs == (Tensor("x", "int8", None, 4),)
    assert module.notes == (
        'The MLF doesn\'t give the shape of input "x", only its 4 bytes.',
        'The MLF doesn\'t give the shape of output "output", only its 4 bytes.',
    )


def test_without_types_in_the_relay_text_an_output_has_a_size_and_no_shape(tmp_path: Path) -> None:
    (module,) = read(tmp_path, Spec(result_types=False)).modules
    assert module.inputs[0].shape == (1, 4)
    assert module.outputs == (Tensor("output", "int8", None, 4),)
    assert "shape of output" in module.notes[0]


def test_when_nothing_gives_the_size_of_an_output_the_error_says_how_to_get_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(ModelError, match=r'how large output "output" is; TVM writes .* 0\.11'):
        read(tmp_path, Spec(sizes=False, result_types=False))


def test_outputs_without_any_order_are_told_apart_by_their_sizes(tmp_path: Path) -> None:
    outputs = (T("b", "int16", (7,)), T("a", "int32", (3,)), T("c", "int32", (7,)))
    spec = Spec(kind="graph", outputs=outputs, output_names=False, relay=False)
    (module,) = read(tmp_path, spec).modules
    assert module.outputs == expected(outputs)
    assert module.notes == ()


def test_inputs_come_in_the_order_of_the_relay_text_where_no_code_has_one(tmp_path: Path) -> None:
    inputs = (T("z"), T("a", "int32"), T("m"))
    spec = Spec(kind="packed", version=6, inputs=inputs, weights=(T("w"),))
    (module,) = read(tmp_path, spec).modules
    assert module.inputs == expected(inputs)
    assert module.notes == ()


def test_inputs_without_any_order_get_a_note(tmp_path: Path) -> None:
    spec = Spec(kind="packed", version=6, inputs=(T("z"), T("a")), relay=False)
    (module,) = read(tmp_path, spec).modules
    assert [t.name for t in module.inputs] == ["a", "z"]
    assert "in which order the inputs come" in module.notes[0]


def test_inputs_that_nothing_names_are_refused(tmp_path: Path) -> None:
    files = mlf(Spec(kind="packed", version=6, relay=False))
    metadata = json.loads(files["./metadata.json"])
    del metadata["memory"]["functions"]["main"][0]["inputs"]
    files["./metadata.json"] = json.dumps(metadata).encode()
    with pytest.raises(ModelError, match="nothing in it names the inputs"):
        load_bytes(tmp_path, tar(files))


def test_an_output_whose_name_is_no_c_name_is_refused_where_the_code_has_it(
    tmp_path: Path,
) -> None:
    spec = Spec(outputs=(T("a.b"),))
    (module,) = read(tmp_path, spec).modules
    assert [t.name for t in module.outputs] == ["a.b"]
    body = "  void* a.b_buffer_var = 0;\n"
    with pytest.raises(ModelError, match=r'an output is called "a\.b"') as caught:
        read(tmp_path, replace(spec, body=body))
    assert "output_tensor_names" in (caught.value.hint or "")


def test_parameters_that_tvm_0_8_linked_are_refused(tmp_path: Path) -> None:
    body = "  _lookup_linked_param(args);\n"
    with pytest.raises(ModelError, match=r"linked in the way of TVM 0\.8") as caught:
        read(tmp_path, Spec(kind="graph", body=body))
    assert "without --link-params" in (caught.value.hint or "")


def test_outputs_of_the_same_size_without_any_order_get_a_note(tmp_path: Path) -> None:
    spec = Spec(kind="graph", outputs=(T("b"), T("a")), output_names=False, relay=False)
    (module,) = read(tmp_path, spec).modules
    assert [t.name for t in module.outputs] == ["a", "b"]
    assert "in which order the outputs come" in module.notes[0]


def test_more_than_ten_unnamed_outputs_keep_the_order_of_their_numbers(tmp_path: Path) -> None:
    outputs = tuple(T(f"output{i}") for i in range(12))
    (module,) = read(tmp_path, Spec(outputs=outputs, output_names=False, kind="packed")).modules
    assert [t.name for t in module.outputs] == [f"output{i}" for i in range(12)]


def test_several_modules_share_one_tar(tmp_path: Path) -> None:
    model = read(tmp_path, Spec(name="second", kind="graph"), Spec(name="first", kind="packed"))
    assert [m.name for m in model.modules] == ["first", "second"]  # sorted keys
    first, second = model.modules
    assert first.sources == tuple(f"codegen/host/src/first_lib{i}.c" for i in range(3))
    assert second.sources == ("codegen/host/src/second_lib1.c",)
    assert model.module("second") is second


def test_a_file_that_belongs_to_no_module_is_named(tmp_path: Path) -> None:
    files = mlf(Spec(name="one"), Spec(name="two"))
    files["./codegen/host/src/three_lib0.c"] = b""
    with pytest.raises(ModelError, match=r"three_lib0\.c belongs to none of the modules"):
        load_bytes(tmp_path, tar(files))


def test_workspaces_of_several_devices_add_up(tmp_path: Path) -> None:
    files = mlf(Spec(workspace=100))
    metadata = json.loads(files["./metadata.json"])
    mains = metadata["modules"]["default"]["memory"]["functions"]["main"]
    mains.append({"device": 7, "workspace_size_bytes": 11, "io_size_bytes": 0})
    files["./metadata.json"] = json.dumps(metadata).encode()
    (module,) = load_bytes(tmp_path, tar(files)).modules
    assert (module.workspace_bytes, module.constants_bytes) == (111, 16)
    assert [t.name for t in module.inputs] == ["x"]


def test_pools_and_devices_come_from_the_structs_of_the_header(tmp_path: Path) -> None:
    spec = Spec(pools=(("sram", 640), ("dtcm", 12)), devices=("ethos_u",), static=False)
    (module,) = read(tmp_path, spec).modules
    assert [(p.name, p.size_bytes) for p in module.pools] == [("sram", 640), ("dtcm", 12)]
    assert module.devices == ("ethos_u",)
    assert module.static_buffers == ()


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        ("  void* a = TVMBackendAllocWorkspace(1, dev_id, (uint64_t)64, 0, 8);\n", True),
        ("  // TVMBackendAllocWorkspace(1)\n", False),
        ("  /* TVMBackendAllocWorkspace(1) */\n", False),
        ('  puts("TVMBackendAllocWorkspace(");\n', False),
        ("  myTVMBackendAllocWorkspace(1);\n", False),
    ],
)
def test_only_a_real_call_of_the_workspace_allocator_counts(
    tmp_path: Path, body: str, calls: bool
) -> None:
    model = read(tmp_path, Spec(kind="graph", body=body))
    assert model.modules[0].calls_workspace_alloc is calls
    assert ("TVMBackendAllocWorkspace" in model.runtime_calls) is calls


@pytest.mark.parametrize("ext", ["cc", "cpp"])
def test_generated_code_may_be_called_cc_or_cpp(tmp_path: Path, ext: str) -> None:
    files = mlf(Spec())
    files[f"./codegen/host/src/default_lib0.{ext}"] = files.pop("./codegen/host/src/default_lib0.c")
    (module,) = load_bytes(tmp_path, tar(files)).modules
    assert f"codegen/host/src/default_lib0.{ext}" in module.sources
    assert module.entry is not None


def test_the_version_of_tvms_own_runtime_is_tvms(tmp_path: Path) -> None:
    files = mlf(Spec()) | {"./runtime/src/runtime/crt/common/ndarray.c": b""}
    metadata = json.loads(files["./metadata.json"])
    metadata["modules"]["default"]["external_dependencies"] = [
        {"short_name": "tvm_standalone_crt", "url": "./runtime", "version_spec": "0.14.0"}
    ]
    files["./metadata.json"] = json.dumps(metadata).encode()
    model = load_bytes(tmp_path, tar(files))
    assert model.tvm_version == "0.14.0"


def test_operator_style_of_tvm_0_8_has_named_buffers(tmp_path: Path) -> None:
    metadata = {
        "version": 5,
        "model_name": "default",
        "memory": {
            "add": [
                {"size_bytes": 8, "shape": [2], "dtype": "int32", "input_binding": "A"},
                {"size_bytes": 8, "shape": [2], "dtype": "int32", "input_binding": "B"},
            ]
        },
        "target": {"1": "c"},
        "executors": [],
        "style": "operator",
    }
    code = b"int32_t add(void* args) { TVMBackendAllocWorkspace(1, dev_id, (uint64_t)640, 0, 8); }"
    model = load_bytes(
        tmp_path,
        tar({"metadata.json": json.dumps(metadata).encode(), "codegen/host/src/lib0.c": code}),
    )
    (module,) = model.modules
    assert (model.style, module.executor, module.entry) == (Style.OPERATOR, None, None)
    assert [o.name for o in module.operators] == ["add"]
    assert module.operators[0].tensors == (
        Tensor("A", "int32", (2,), 8),
        Tensor("B", "int32", (2,), 8),
    )
    assert module.kernel_workspace_bytes == 640


@pytest.mark.parametrize("version", [1, 4, 8, 99])
def test_an_unknown_version_is_refused_with_those_that_are_known(
    tmp_path: Path, version: int
) -> None:
    files = mlf(Spec())
    metadata = json.loads(files["./metadata.json"]) | {"version": version}
    files["./metadata.json"] = json.dumps(metadata).encode()
    with pytest.raises(ModelError) as caught:
        load_bytes(tmp_path, tar(files))
    assert f"version {version}" in caught.value.cause
    assert "versions 5 to 7" in caught.value.cause
    assert ("newer" in caught.value.cause) == (version > 7)
    assert "TVM 0" in caught.value.hint
