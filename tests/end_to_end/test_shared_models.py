"""MLPerf Tiny's models, compiled by a real TVM, on every board that can hold them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.errors import ProjectError
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from microtvm_boards.run import connect
from tests import real_models
from tests.end_to_end.firmware import assert_equal, build_and_run, need_tools
from tests.real_models import MLPERF_TINY, real_model

pytestmark = pytest.mark.tvm

KINDS: dict[str, dict[str, Any]] = {
    "c": {"executor": "aot", "interface": "c", "unpacked": True},
    "packed": {"executor": "aot"},
    "graph": {"executor": "graph"},
}


@dataclass(frozen=True)
class Compiled:
    tars: dict[str, Path]
    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]


@pytest.fixture(scope="module", params=MLPERF_TINY)
def compiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """One model as every kind of library, with random inputs and TVM's own outputs for them."""
    model = real_model(request.param)
    from microtvm_boards.tvm import export_mlf, write_mlf

    folder = tmp_path_factory.mktemp(request.param)
    tars = {}
    for kind, options in KINDS.items():
        tar = folder / f"{kind}.tar"
        if kind == "c":
            tars[kind] = export_mlf(model.mod, model.params, tar, **options)
        else:  # as the tests of sessions have them
            tars[kind] = write_mlf([real_models.compiled(model.name, **options)], tar)
    outputs = [{f"output{i}": array for i, array in enumerate(some)} for some in model.outputs]
    return Compiled(tars, model.inputs, outputs)


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


@pytest.mark.qemu
@pytest.mark.stm32cube
@pytest.mark.parametrize("compiled", ["kws_int8"], indirect=True)
@pytest.mark.parametrize("entrypoint", ["c", "packed"])
def test_kws_runs_with_the_hal_of_st(
    make_project: Callable[..., Project], compiled: Compiled, entrypoint: str
) -> None:
    tar = compiled.tars[entrypoint]
    project = make_project(tar, board="netduinoplus2", model_entrypoint_api=entrypoint)
    if entrypoint == "c":
        check(project, compiled)
        return
    need_tools(project)
    get_platform(project.platform).build(project)
    with connect(project) as device:
        model = device.model()
        for sample, expected in zip(compiled.inputs, compiled.outputs, strict=True):
            (got,), (want,) = model.run(sample).values(), expected.values()
            np.testing.assert_array_equal(got.reshape(want.shape), want)


@pytest.mark.parametrize("compiled", ["kws_int8"], indirect=True)
def test_kws_is_refused_where_it_cannot_fit(
    make_project: Callable[..., Project], compiled: Compiled
) -> None:
    with pytest.raises(ProjectError) as caught:
        make_project(compiled.tars["c"], board="microbit")
    assert "RAM: needed 1" in str(caught.value)
    assert "available 16384 B" in str(caught.value)
