"""MLPerf Tiny's models, compiled by a real TVM, on every board that can hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.errors import ProjectError
from microtvm_boards.mlf import load
from microtvm_boards.project import Project
from tests.end_to_end.firmware import assert_equal, build_and_run

pytestmark = pytest.mark.tvm

MODELS = Path(__file__).resolve().parents[3] / "shared" / "models"
KINDS: dict[str, dict[str, Any]] = {
    "c": {"executor": "aot", "interface": "c", "unpacked": True},
    "packed": {"executor": "aot", "interface": "packed", "system_lib": True},
    "graph": {"executor": "graph", "system_lib": True},
}
SAMPLES = 2


@dataclass(frozen=True)
class Compiled:
    tars: dict[str, Path]
    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]


@pytest.fixture(scope="module", params=["kws_int8", "ad01_int8", "resnet8_int8"])
def compiled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Compiled]:
    """One model as every kind of library, with random inputs and TVM's own outputs for them."""
    pytest.importorskip("tvm")
    path = MODELS / f"{request.param}.tflite"
    if not path.is_file():
        pytest.skip(f"there is no {path.name} in ../shared/models")
    from microtvm_boards.tvm import compile_reference, export_mlf, import_tflite

    mod, params = import_tflite(path)
    folder = tmp_path_factory.mktemp(request.param)
    tars = {
        kind: export_mlf(mod, params, folder / f"{kind}.tar", **options)
        for kind, options in KINDS.items()
    }
    rng = np.random.default_rng(1)
    tensor = load(tars["c"]).modules[0].inputs[0]
    reference = compile_reference(mod, params)
    inputs = [
        {tensor.name: rng.integers(-128, 128, size=tensor.shape, dtype="int8")}
        for _ in range(SAMPLES)
    ]
    outputs = [
        {f"output{i}": array for i, array in enumerate(reference(sample))} for sample in inputs
    ]
    yield Compiled(tars, inputs, outputs)


def check(project: Project, compiled: Compiled) -> None:
    results = build_and_run(project, compiled.inputs)
    for result, want in zip(results, compiled.outputs, strict=True):
        assert_equal(result, want)


@pytest.mark.parametrize("board", ["host", pytest.param("mps2_an386", marks=pytest.mark.qemu)])
@pytest.mark.parametrize("kind", KINDS)
def test_outputs_are_tvms_own(
    make_project: Callable[..., Project], compiled: Compiled, kind: str, board: str
) -> None:
    check(make_project(compiled.tars[kind], board=board, optimization="speed"), compiled)


@pytest.mark.qemu
@pytest.mark.parametrize("compiled", ["kws_int8"], indirect=True)
@pytest.mark.parametrize("board", ["mps2_an385", "mps2_an500", "mps2_an505", "mps3_an547"])
def test_kws_runs_on_every_core(
    make_project: Callable[..., Project], compiled: Compiled, board: str
) -> None:
    check(make_project(compiled.tars["c"], board=board, optimization="speed"), compiled)


@pytest.mark.parametrize("compiled", ["kws_int8"], indirect=True)
def test_kws_is_refused_where_it_cannot_fit(
    make_project: Callable[..., Project], compiled: Compiled
) -> None:
    with pytest.raises(ProjectError) as caught:
        make_project(compiled.tars["c"], board="microbit")
    assert "RAM: needed 1" in str(caught.value)
    assert "available 16384 B" in str(caught.value)
