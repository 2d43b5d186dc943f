"""Every kind of model library gives TVM's own answers, on the host and on an emulated M4."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.project import Project
from microtvm_boards.resources import board_configs
from tests.conftest import DATA
from tests.end_to_end.firmware import assert_equal, build_and_run, read_family

pytestmark = pytest.mark.tools

MakeProject = Callable[..., Project]
BOARDS = ["host", pytest.param("mps2_an386", marks=pytest.mark.qemu)]
INTEGER = [
    "foo_c",
    "foo_c_nousmp",
    "foo_packed",
    "foo_pu",
    "foo_graph",
    "foo_graphlp",
    "shapes_c",
    "shapes_packed",
    "shapes_graph",
    "keywords_c",
    "keywords_packed",
    "keywords_graph",
    "pools_c",
    "pools_constants_c",
]


def family(name: str) -> str:
    return "foo" if name.startswith("pools") else name.split("_")[0]


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", INTEGER)
def test_integer_models_are_exact(make_project: MakeProject, name: str, board: str) -> None:
    inputs, expected = read_family(DATA / f"{family(name)}.npz")
    results = build_and_run(make_project(name, board=board, warning_as_error=True), inputs)
    for result, want in zip(results, expected, strict=True):
        assert_equal(result, want)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("kind", ["c", "packed", "graph"])
def test_float_models_agree(make_project: MakeProject, kind: str, board: str) -> None:
    inputs, expected = read_family(DATA / "float.npz")
    results = build_and_run(make_project(f"float_{kind}", board=board), inputs)
    for result, want in zip(results, expected, strict=True):
        assert_equal(result, want, exact=False)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("optimization", ["none", "debug", "speed"])
@pytest.mark.parametrize("kind", ["c_nousmp", "packed", "graph"])
def test_every_optimization_gives_the_same_answers(
    make_project: MakeProject, kind: str, optimization: str, board: str
) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    project = make_project(f"foo_{kind}", board=board, optimization=optimization)
    assert_equal(build_and_run(project, inputs[:1])[0], expected[0])


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", ["two_modules_c", "two_modules_pools_c"])
def test_two_models_in_one_library_both_run(
    make_project: MakeProject, name: str, board: str
) -> None:
    inputs, expected = read_family(DATA / "two_modules.npz")
    for model, word in enumerate(["first", "second"]):
        mine = [{k: v for k, v in sample.items() if k.startswith(word)} for sample in inputs]
        project = make_project(name, board=board)
        results = build_and_run(project, mine, model)
        for result, want in zip(results, expected, strict=True):
            wanted = {k: v for k, v in want.items() if k.startswith(word)}
            assert_equal(result, wanted)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("objects_x86", "foo"),
        ("objects_packed_x86", "keywords"),
        ("objects_graph_x86", "keywords"),
    ],
)
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the objects are for x86-64")
def test_kernels_from_llvm_link_and_run(make_project: MakeProject, name: str, family: str) -> None:
    inputs, expected = read_family(DATA / f"{family}.npz")
    results = build_and_run(make_project(name, board="host"), inputs)
    for result, want in zip(results, expected, strict=True):
        assert_equal(result, want)


@pytest.mark.qemu
def test_kernels_from_llvm_for_arm_link_and_run(make_project: MakeProject, tmp_path: Path) -> None:
    """The objects pass floats in integer registers, so the board has to do so too."""
    board = (board_configs() / "mps2_an386.yaml").read_text()
    path = tmp_path / "soft.yaml"
    path.write_text(board.replace("-mfloat-abi=hard", "-mfloat-abi=soft"))
    inputs, expected = read_family(DATA / "foo.npz")
    results = build_and_run(make_project("objects_arm", board=str(path)), inputs)
    for result, want in zip(results, expected, strict=True):
        assert_equal(result, want)


@pytest.mark.parametrize("board", BOARDS)
def test_baked_samples_run_after_reset(make_project: MakeProject, board: str) -> None:
    from microtvm_boards.harness import Harness
    from microtvm_boards.platforms import get_platform

    inputs, expected = read_family(DATA / "foo.npz")
    path = make_project("foo_c").directory / "samples.npz"
    np.savez(path, **{k: np.stack([s[k] for s in inputs]) for k in inputs[0]})
    project = make_project("foo_c", board=board, sample_inputs=str(path))
    assert project.manifest.sample_count == len(inputs)
    platform = get_platform(project.platform)
    platform.build(project)
    with platform.transport(project) as transport:
        harness = Harness(project, transport)
        harness.start()
        assert len(harness.samples) == len(inputs)
        for result, want in zip(harness.samples, expected, strict=True):
            assert_equal(result, want)


@pytest.mark.qemu
def test_an_arena_that_is_too_small_is_a_status_and_not_a_fault(make_project: MakeProject) -> None:
    project = make_project("foo_c_nousmp", board="mps2_an386", workspace_size_bytes=64)
    inputs, _ = read_family(DATA / "foo.npz")
    result = build_and_run(project, inputs[:1])[0]
    assert result.status_name == "MTVM_E_WORKSPACE"
    assert result.status < 0
    assert result.outputs == {}


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", ["foo_c", "foo_c_nousmp", "foo_packed", "foo_graph"])
@pytest.mark.usefixtures("standalone_crt")
def test_tvms_own_runtime_gives_the_same_answers(
    make_project: MakeProject, name: str, board: str
) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    project = make_project(name, board=board, runtime="standalone_crt", warning_as_error=True)
    results = build_and_run(project, inputs)
    for result, want in zip(results, expected, strict=True):
        assert_equal(result, want)
