"""Exports are real Model Library Format tars, and the same bytes from every process."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.errors import UsageError
from microtvm_boards.mlf import load
from microtvm_boards.model import Interface
from microtvm_boards.tvm import build_module, export_mlf, write_mlf

pytest.importorskip("tvm")
pytestmark = pytest.mark.tvm

Model = tuple[Any, dict[str, Any]]

KINDS: dict[str, dict[str, Any]] = {
    "c": {"interface": "c", "unpacked": True},
    "c_hill_climb": {"interface": "c", "unpacked": True, "usmp_algorithm": "hill_climb"},
    "dsp": {"interface": "c", "unpacked": True, "target": "c -keys=arm_cpu,cpu -mcpu=cortex-m4"},
    "no_usmp": {"unpacked": True, "usmp": False},
    "packed": {"system_lib": True},
    "graph": {"executor": "graph", "system_lib": True},
    "graph_linked": {"executor": "graph", "system_lib": True, "link_params": True},
}

EXPORT_ALL = """
import json, sys
from pathlib import Path
from microtvm_boards.tvm import export_mlf
from tests.relay.conftest import make_model
mod, params = make_model()
for name, options in json.loads(sys.argv[1]).items():
    export_mlf(mod, params, Path(sys.argv[2]) / f"{name}.tar", **options)
"""


def test_two_processes_export_the_same_bytes(python: Callable[..., str], tmp_path: Path) -> None:
    """Different hash seeds, and different addresses, which order TVM's maps."""
    for seed in ("1", "2"):
        python(EXPORT_ALL, json.dumps(KINDS), tmp_path / seed, PYTHONHASHSEED=seed)
    for kind in KINDS:
        first, second = (tmp_path / seed / f"{kind}.tar" for seed in ("1", "2"))
        assert first.read_bytes() == second.read_bytes(), kind


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_read_back_as_what_was_asked_for(
    model: Model, tmp_path: Path, kind: str
) -> None:
    path = export_mlf(*model, tmp_path / "new" / "model.tar", name="trio", **KINDS[kind])
    loaded = load(path)
    (module,) = loaded.modules
    assert module.name == "trio"
    assert [(t.name, t.dtype, t.shape) for t in module.inputs] == [("x", "int8", (1, 6, 6, 2))]
    assert [(t.dtype, t.shape) for t in module.outputs] == [("int8", (1, 3, 3, 2))] * 3
    assert loaded.system_lib == KINDS[kind].get("system_lib", False)
    if kind.startswith("graph"):
        assert module.graph is not None
        assert len(module.params) == (0 if kind == "graph_linked" else 3)
    else:
        assert module.entry is not None
        assert module.entry.interface == Interface(KINDS[kind].get("interface", "packed"))
    if kind in ("c", "no_usmp"):
        assert module.calls_workspace_alloc == (kind == "no_usmp")


def test_the_relay_text_has_the_result_type(model: Model, tmp_path: Path) -> None:
    path = export_mlf(*model, tmp_path / "model.tar")
    with tarfile.open(path) as tar:
        relay_text = tar.extractfile("./src/default.relay")
        assert relay_text is not None
        assert b") -> (Tensor[(1, 3, 3, 2), int8]" in relay_text.read()


def test_members_are_sorted_and_carry_no_trace_of_the_machine(model: Model, tmp_path: Path) -> None:
    path = export_mlf(*model, tmp_path / "model.tar")
    with tarfile.open(path) as tar:
        members = tar.getmembers()
        assert [m.name for m in members] == sorted(m.name for m in members)
        traces = {(m.mtime, m.uid, m.gid, m.uname, m.gname) for m in members}
        assert traces == {(0, 0, 0, "root", "root")}
        assert {m.mode for m in members} == {0o755, 0o644}
        metadata = tar.extractfile("./metadata.json")
        assert metadata is not None
        module = json.load(metadata)["modules"]["default"]
    assert module["export_datetime"] == "1970-01-01 00:00:00Z"


def test_the_parameters_keep_their_values(model: Model, tmp_path: Path) -> None:
    built = build_module(*model, executor="graph", system_lib=True)
    (module,) = load(write_mlf([built], tmp_path / "model.tar")).modules
    read = {p.name: (p.dtype, p.shape, p.data) for p in module.params}
    arrays = {name: array.numpy() for name, array in built.params.items()}
    assert read == {n: (str(a.dtype), a.shape, a.tobytes()) for n, a in arrays.items()}


def test_models_with_different_names_share_a_tar(model: Model, tmp_path: Path) -> None:
    built = [build_module(*model, name=n, interface="c", unpacked=True) for n in ("one", "two")]
    loaded = load(write_mlf(built, tmp_path / "model.tar"))
    assert [m.name for m in loaded.modules] == ["one", "two"]


def test_tuning_logs_of_other_processors_are_neither_downloaded_nor_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TVM's schedule for this convolution wants those of a Cortex-A, for its first guess."""
    from tvm import IRModule, relay
    from tvm.autotvm import tophub

    def refuse(*arguments: object) -> None:
        raise AssertionError(f"download of {arguments}")

    monkeypatch.setattr(tophub, "download_package", refuse)
    monkeypatch.setattr(tophub, "AUTOTVM_TOPHUB_ROOT_PATH", tmp_path)
    x = relay.var("x", shape=(1, 2, 6, 6))
    weights = relay.const(np.ones((4, 2, 3, 3), "float32"))
    convolution = IRModule.from_expr(relay.nn.conv2d(x, weights, padding=(1, 1)))
    build_module(convolution, {}, target="c -keys=arm_cpu,cpu -mcpu=cortex-m4")
    assert tmp_path == tophub.AUTOTVM_TOPHUB_ROOT_PATH


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"interface": "c"}, "needs unpacked=True"),
        ({"executor": "graph", "interface": "c"}, "packed interface only"),
        ({"executor": "graph", "unpacked": True}, "packed interface only"),
        ({"link_params": True}, "AOT always links"),
    ],
)
def test_choices_that_exclude_each_other_are_refused(
    model: Model, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        export_mlf(*model, tmp_path / "model.tar", **options)
    assert not list(tmp_path.iterdir())


def test_a_failed_export_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "model.tar"
    path.write_text("old")
    with pytest.raises(NotImplementedError, match="Don't know how to export"):
        write_mlf([object()], path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
