"""Parameters, graph JSON and object files: read exactly, or refused with a reason."""

from __future__ import annotations

import copy
import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microtvm_boards.errors import ModelError
from microtvm_boards.mlf import load
from microtvm_boards.mlf.checks import Malformed
from microtvm_boards.mlf.graph import parse_graph
from microtvm_boards.mlf.objects import scan_object
from microtvm_boards.mlf.params import parse_params
from microtvm_boards.model import GraphEntry, Interface
from tests.mlf import builder
from tests.mlf.builder import BYTES, Spec, T, mlf, tar

_tensor = st.builds(
    T,
    st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8),
    st.sampled_from(sorted(BYTES)),
    st.lists(st.integers(0, 5), max_size=4).map(tuple),
)
_tensors = st.lists(_tensor, max_size=4, unique_by=lambda t: t.name)


@pytest.mark.slow
@given(_tensors)
@settings(deadline=None)
def test_parameters_come_back_as_they_were_written(tensors: list[T]) -> None:
    params = parse_params(builder.params(tensors))
    assert [(p.name, p.dtype, p.shape) for p in params] == [
        (t.name, t.dtype, t.shape) for t in tensors
    ]
    assert [p.data for p in params] == [bytes([i]) * t.size for i, t in enumerate(tensors)]


@pytest.mark.slow
@given(_tensors, st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_parameters_are_malformed_or_still_whole(
    tensors: list[T], data: st.DataObject
) -> None:
    good = bytearray(builder.params(tensors))
    good[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    cut = good[: data.draw(st.integers(0, len(good)))]
    for damaged in (good, cut):
        try:
            params = parse_params(bytes(damaged))
        except Malformed:
            continue
        assert len(params) == len(tensors)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, 1, "magic number of parameter files"),
        (16, 2**63, "claims to hold"),
        (24, 2**62, "truncated in a name"),
        (33, 2, "another number of arrays"),
        (41, 1, "magic number of arrays"),
    ],
)
def test_what_is_wrong_with_parameters_is_named(place: int, value: int, message: str) -> None:
    data = bytearray(builder.params([T("a")]))
    data[place : place + 8] = struct.pack("<Q", value)
    with pytest.raises(Malformed, match=message):
        parse_params(bytes(data))


def test_bytes_after_the_last_parameter_are_refused() -> None:
    with pytest.raises(Malformed, match="3 bytes follow"):
        parse_params(builder.params([T("a")]) + b"abc")


SPEC = Spec("graph", inputs=(T("zeta"), T("alpha", "float32", ())), weights=(T("p0"),))


def test_the_graph_is_resolved_into_entries() -> None:
    graph, arguments = parse_graph(json.dumps(builder.graph_json(SPEC)).encode())
    assert arguments == (0, 1, 2)
    assert [n.name for n in graph.nodes] == ["zeta", "alpha", "p0", "tvmgen_default_fused_nn_relu"]
    assert graph.nodes[3].inputs == (0, 1, 2)
    assert graph.nodes[3].outputs == graph.outputs == (3,)
    assert graph.entries[1] == GraphEntry(1, 0, "float32", (), 1)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("nodes", ...),
        ("nodes/3/inputs/0", [3, 0, 0]),
        ("nodes/3/inputs/0", [9, 0, 0]),
        ("nodes/3/inputs/0", [0, 1, 0]),
        ("nodes/3/inputs/0", [-1, 0, 0]),
        ("nodes/3/inputs/0", [0]),
        ("nodes/3/inputs/0", 0),
        ("nodes/3/op", "jump"),
        ("nodes/3/attrs", ...),
        ("nodes/3/attrs/func_name", ...),
        ("nodes/3/attrs/num_inputs", "2"),
        ("nodes/3/attrs/num_outputs", 1),
        ("nodes/0/inputs", [[0, 0, 0]]),
        ("nodes/1/name", "zeta"),
        ("arg_nodes", [0, 1]),
        ("arg_nodes", [1, 0, 2]),
        ("heads", []),
        ("heads", [[4, 0, 0]]),
        ("node_row_ptr", [0, 1, 2, 3]),
        ("node_row_ptr", [0, 2, 1, 3, 4]),
        ("node_row_ptr", [0, 1, 2, 3, 5]),
        ("attrs/shape", ...),
        ("attrs/shape/0", "list_int"),
        ("attrs/shape/1/0", [-1]),
        ("attrs/shape/1/0", [1] * 33),
        ("attrs/dltype/1", ["int8"]),
        ("attrs/storage_id/1/0", "0"),
    ],
)
def test_an_inconsistent_graph_is_malformed(path: str, value: Any) -> None:
    document: Any = copy.deepcopy(builder.graph_json(SPEC))
    *parents, last = [int(k) if k.isdigit() else k for k in path.split("/")]
    place = document
    for key in parents:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    with pytest.raises(Malformed):
        parse_graph(json.dumps(document).encode())


def refuse(tmp_path: Path, files: dict[str, bytes], message: str) -> None:
    (tmp_path / "model.tar").write_bytes(tar(files))
    with pytest.raises(ModelError, match=message):
        load(tmp_path / "model.tar")


def test_parameters_that_the_graph_lacks_are_refused(tmp_path: Path) -> None:
    files = mlf(SPEC) | {"./parameters/default.params": builder.params([T("p7")])}
    refuse(tmp_path, files, r'default\.params holds "p7", which .*default\.graph doesn\'t have')


def test_parameters_of_another_shape_than_in_the_graph_are_refused(tmp_path: Path) -> None:
    files = mlf(SPEC) | {"./parameters/default.params": builder.params([T("p0", "int8", (5,))])}
    refuse(tmp_path, files, r'"p0" is int8 \[5\] in .*, but int8 \[1, 4\] in')


def test_a_graph_model_without_its_graph_is_refused(tmp_path: Path) -> None:
    files = mlf(SPEC)
    del files["./executor-config/graph/default.graph"]
    refuse(tmp_path, files, r"executor-config/graph/default\.graph is missing")


def test_parameters_linked_in_the_way_of_tvm_0_8_are_refused(tmp_path: Path) -> None:
    lookup = "int32_t tvmgen_default__lookup_linked_param(void* args) { return 0; }\n"
    files = mlf(Spec("graph", version=5, body=f"}}\n{lookup}{{\n"))
    refuse(tmp_path, files, "_lookup_linked_param")


def compile_c(source: str, tmp_path: Path, compiler: str = "gcc") -> bytes:
    if shutil.which(compiler) is None:
        pytest.skip(f"needs {compiler}")
    (tmp_path / "kernel.c").write_text(source)
    command = [compiler, "-c", "kernel.c", "-o", "kernel.o"]
    subprocess.run(command, cwd=tmp_path, check=True)
    return (tmp_path / "kernel.o").read_bytes()


KERNELS = """
void *TVMBackendAllocWorkspace(int a);
static int TVMLocal(void) { return 1; }
int tvmgen_default_run(void) { return TVMBackendAllocWorkspace(TVMLocal()) != 0; }
void *TVMSystemLibEntryPoint(void) { return 0; }
const char text[] = "TVMFuncCall";
"""


@pytest.mark.tools
@pytest.mark.parametrize("compiler", ["gcc", "arm-none-eabi-gcc"])
def test_objects_tell_what_they_define_and_call(tmp_path: Path, compiler: str) -> None:
    code = scan_object(compile_c(KERNELS, tmp_path, compiler), "default", has_header=False)
    assert code.entry is Interface.PACKED
    assert code.main is None
    assert code.runtime_calls == {"TVMBackendAllocWorkspace"}
    assert code.system_lib


@pytest.mark.tools
def test_llvms_own_pointers_to_the_runtime_count_as_calls(tmp_path: Path) -> None:
    source = "__attribute__((weak)) void *__TVMBackendAllocWorkspace;\nint main_;\n"
    code = scan_object(compile_c(source, tmp_path), "default", has_header=True)
    assert code.runtime_calls == {"TVMBackendAllocWorkspace", "__TVMBackendAllocWorkspace"}


@pytest.mark.tools
def test_a_stripped_object_or_a_linked_program_is_malformed(tmp_path: Path) -> None:
    compile_c("int x;", tmp_path)
    subprocess.run(["strip", "kernel.o"], cwd=tmp_path, check=True)
    with pytest.raises(Malformed, match="no symbol table"):
        scan_object((tmp_path / "kernel.o").read_bytes(), "default", has_header=False)
    compile_c("int main(void) { return 0; }", tmp_path)
    subprocess.run(["gcc", "kernel.o", "-o", "program"], cwd=tmp_path, check=True)
    with pytest.raises(Malformed, match="no relocatable object"):
        scan_object((tmp_path / "program").read_bytes(), "default", has_header=False)


@pytest.mark.tools
def test_damaged_objects_are_malformed_or_still_read(tmp_path: Path) -> None:
    good = compile_c(KERNELS, tmp_path)

    @given(st.data())
    @settings(max_examples=200, deadline=None)
    def damage(data: st.DataObject) -> None:
        bad = bytearray(good)
        for _ in range(data.draw(st.integers(1, 4))):
            bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
        try:
            scan_object(bytes(bad[: data.draw(st.integers(0, len(bad)))]), "default", False)
            scan_object(bytes(bad), "default", False)
        except Malformed:
            pass

    damage()
