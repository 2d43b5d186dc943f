"""On Zephyr: models that share their activations, and pools in regions of the devicetree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.zephyr.board.tree import missing_modules, read_tree
from microtvm_boards.project import Project
from microtvm_boards.run import connect
from tests.conftest import DATA
from tests.end_to_end.firmware import assert_predicted, read_family
from tests.end_to_end.test_memories import addresses, run_in_turn
from tests.end_to_end.test_zephyr import NAMES, TREES, tools
from tests.project.tars import renamed

__all__ = ["tools"]

pytestmark = pytest.mark.zephyr

MakeProject = Callable[..., Project]
FOO, FOO_ANSWERS = read_family(DATA / "foo.npz")
SHAPES, SHAPES_ANSWERS = read_family(DATA / "shapes.npz")
RUNS = [(0, FOO[0]), (1, SHAPES[0]), (0, FOO[0]), (1, SHAPES[1])]
ANSWERS = [FOO_ANSWERS[0], SHAPES_ANSWERS[0], FOO_ANSWERS[0], SHAPES_ANSWERS[1]]
ONE_TREE = pytest.mark.parametrize("tree", TREES[:1], ids=NAMES[:1])


def two_defaults(make: MakeProject, folder: Path, kind: str, **options: object) -> Project:
    """Two libraries whose models are both called `default`: every symbol collides."""
    one = renamed(DATA / f"foo_{kind}.tar", "foo", "default", folder / "one.tar")
    two = renamed(DATA / f"shapes_{kind}.tar", "shapes", "default", folder / "two.tar")
    project = make(one, platform="zephyr", more_models=[f"second:{two}"], **options)
    assert [model.name for model in project.models] == ["default", "second"]
    return project


@ONE_TREE
def test_two_models_in_turn_share_a_second_memory(
    make_project: MakeProject, tmp_path: Path, tree: Path
) -> None:
    """The region isn't one of the linker's until the project's overlay makes it one."""
    project = two_defaults(
        make_project,
        tmp_path,
        "c",
        board="mps2_an521",
        zephyr_base=str(tree),
        pools="global_workspace:PSRAM",
    )
    for answer, want in zip(run_in_turn(project, RUNS), ANSWERS, strict=True):
        for got, expected in zip(answer.values(), want.values(), strict=True):
            assert (got.reshape(expected.shape) == expected).all()
    assert addresses(project, "global_workspace") == [0x80000000, 0x80000000]
    use = {m.memory: m.used_bytes for m in get_platform("zephyr").memory_use(project)}
    needed = {n.memory: n.size_bytes for n in project.manifest.memory}
    assert use["PSRAM"] == needed["PSRAM"] == 2784  # foo's, the larger one
    assert_predicted(project)


@ONE_TREE
def test_two_models_in_turn_over_rpc_share_main_memory(
    make_project: MakeProject, tmp_path: Path, tree: Path
) -> None:
    project = two_defaults(
        make_project,
        tmp_path,
        "packed",
        board="qemu_cortex_m3",
        zephyr_base=str(tree),
        model_entrypoint_api="packed",
    )
    get_platform("zephyr").build(project)
    first, second = addresses(project, "global_workspace")
    assert first == second
    assert_predicted(project)
    with connect(project) as device:
        models = [device.model("default"), device.model("second")]
        for (number, sample), want in zip(RUNS, ANSWERS, strict=True):
            outputs = models[number].run(sample)
            for got, expected in zip(outputs.values(), want.values(), strict=True):
                assert (got.reshape(expected.shape) == expected).all()


@ONE_TREE
def test_a_pool_lies_in_tightly_coupled_memory(make_project: MakeProject, tree: Path) -> None:
    if "hal_stm32" in missing_modules(read_tree(tree, "")):
        pytest.skip("the module hal_stm32 is not there")
    project = make_project(
        "pools_c", board="stm32f746g_disco", zephyr_base=str(tree), pools="slow_memory:DTCM"
    )
    result = get_platform("zephyr").build(project)
    (slow,), (fast,) = (addresses(project, f"pool_{name}_memory") for name in ("slow", "fast"))
    assert 0x20000000 <= slow < 0x20010000 <= fast
    assert {m.memory: m.used_bytes for m in result.memory}["DTCM"] == 1024
    assert_predicted(project)
