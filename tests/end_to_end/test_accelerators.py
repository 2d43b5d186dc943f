"""Accelerators have their own binding: hooks, contexts and libraries come from the project's owner,
and what is missing is named before anything is written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.errors import (
    BoardError,
    MicroTvmBoardsError,
    ToolNotFoundError,
    UsageError,
)
from microtvm_boards.platforms.stm32cube.package import find_package
from microtvm_boards.platforms.zephyr.board.tree import look_for_zephyr, modules
from microtvm_boards.project import Project
from tests.end_to_end.firmware import build_and_run
from tests.project.accelerated import (
    DRIVER,
    HOOKS,
    HOOKS_ALONE,
    INPUTS,
    OUTPUTS,
    cmsis_library,
    extra_tar,
    fully_connected,
    npu_library,
)

MakeProject = Callable[..., Project]
BOARDS = ["host", pytest.param("mps2_an386", marks=pytest.mark.qemu)]


def cmsis_tree() -> Path:
    """$CMSIS_PATH, else that of an installed STM32Cube package. Skips where there is none."""
    named = os.environ.get("CMSIS_PATH")
    found = [Path(named)] if named else []
    packages = Path.home() / "STM32Cube" / "Repository"
    found += sorted(packages.glob("*/Drivers/CMSIS"), reverse=True)
    for tree in found:
        if (tree / "NN" / "Include").is_dir() and (tree / "DSP" / "Include").is_dir():
            return tree
    pytest.skip("CMSIS_PATH names no CMSIS tree with NN and DSP, and no STM32Cube package has one")


@pytest.mark.tools
@pytest.mark.parametrize("board", BOARDS)
def test_devices_get_their_context_through_hooks(
    make_project: MakeProject, tmp_path: Path, board: str
) -> None:
    """The driver fails when the context isn't its own, or the device wasn't opened."""
    library = npu_library(tmp_path / "npu.tar")
    extra = extra_tar(tmp_path / "driver.tar", DRIVER)
    project = make_project(library, board=board, extra_files_tar=str(extra), warning_as_error=True)
    x = np.arange(INPUTS, dtype=np.int8).reshape(1, -1)
    result = build_and_run(project, [{"x": x}])[0]
    assert result.status_name == "MTVM_OK"
    assert list(result.outputs["y"].reshape(-1)) == [i + 3 for i in range(OUTPUTS)]


@pytest.mark.qemu
@pytest.mark.parametrize("board", ["mps2_an385", "mps2_an386", "mps3_an547", "microbit"])
def test_cmsis_nn_kernels_run_on_cortex_m(
    make_project: MakeProject, tmp_path: Path, board: str
) -> None:
    tree = cmsis_tree()
    project = make_project(
        cmsis_library(tmp_path / "cmsis.tar"),
        board=board,
        cmsis_path=str(tree),
        extra_files_tar=str(extra_tar(tmp_path / "hooks.tar", HOOKS_ALONE)),
        **({"stack_size_bytes": 2048} if board == "microbit" else {}),
    )
    assert (project.directory / "cmsis/src/arm_fully_connected_s8.c").is_file()
    assert not (project.directory / "cmsis/src/arm_softmax_s8.c").exists()
    rng = np.random.default_rng(1)
    samples = [rng.integers(-128, 128, (1, INPUTS), dtype=np.int8) for _ in range(3)]
    for x, result in zip(samples, build_and_run(project, [{"x": x} for x in samples]), strict=True):
        assert result.status_name == "MTVM_OK"
        assert (result.outputs["y"].reshape(-1) == fully_connected(x)).all()


@pytest.mark.qemu
@pytest.mark.stm32cube
def test_cmsis_comes_with_the_package_of_st(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing names it: the package that has the HAL has CMSIS-NN, too."""
    monkeypatch.delenv("CMSIS_PATH", raising=False)
    hooks = extra_tar(tmp_path / "hooks.tar", HOOKS_ALONE)
    library = cmsis_library(tmp_path / "cmsis.tar")
    try:
        find_package(load_board("netduinoplus2"))
    except ToolNotFoundError as missing:
        pytest.skip(missing.cause)
    project = make_project(library, board="netduinoplus2", extra_files_tar=str(hooks))
    x = np.arange(INPUTS, dtype=np.int8).reshape(1, -1)
    result = build_and_run(project, [{"x": x}])[0]
    assert (result.outputs["y"].reshape(-1) == fully_connected(x)).all()


@pytest.mark.zephyr
def test_cmsis_nn_runs_under_zephyr_and_what_its_tree_lacks_is_named(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module cmsis that was fetched in part, as some of 3.3's are, has no DSP."""
    tree = look_for_zephyr(None, Path.cwd())
    if tree is None:
        pytest.skip("there is no Zephyr tree")
    monkeypatch.delenv("CMSIS_PATH", raising=False)
    options = {
        "board": "mps2_an385",
        "platform": "zephyr",
        "extra_files_tar": str(extra_tar(tmp_path / "hooks.tar", HOOKS_ALONE)),
    }
    parts = [path for name, path in modules(tree).items() if "cmsis" in name]
    if not any(True for path in parts for _ in path.rglob("arm_math_types.h")):
        error = refusal(make_project, tmp_path, **options)
        assert "arm_math_types.h" in error.cause
        assert error.details[-1].endswith("it has NN and Core, no DSP")
        options["cmsis_path"] = str(cmsis_tree())
    project = make_project(cmsis_library(tmp_path / "cmsis.tar"), **options)
    x = np.arange(INPUTS, dtype=np.int8).reshape(1, -1)
    result = build_and_run(project, [{"x": x}])[0]
    assert (result.outputs["y"].reshape(-1) == fully_connected(x)).all()


def refusal(make_project: MakeProject, tmp_path: Path, **options: object) -> MicroTvmBoardsError:
    library = cmsis_library(tmp_path / "cmsis.tar")
    with pytest.raises(MicroTvmBoardsError) as caught:
        make_project(library, **{"board": "mps2_an386", **options})
    assert not list(tmp_path.glob("project*"))
    return caught.value


def test_cmsis_is_named_when_it_is_missing(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CMSIS_PATH", raising=False)
    error = refusal(make_project, tmp_path)
    assert isinstance(error, UsageError)
    assert "arm_nnfunctions.h" in error.cause
    assert "cmsis_path" in error.hint


def test_a_cmsis_tree_without_a_part_names_the_header(
    make_project: MakeProject, tmp_path: Path
) -> None:
    """As Zephyr 3.3's: NN without DSP. What only other compilers include is no matter."""
    folder = tmp_path / "tree" / "NN" / "Include"
    folder.mkdir(parents=True)
    (folder / "arm_nnfunctions.h").write_text(
        "#ifndef A_H\n#define A_H\n#if defined(__ICCARM__)\n#include <intrinsics.h>\n#endif\n"
        '#include "arm_math_types.h"\n#endif\n'
    )
    error = refusal(make_project, tmp_path, cmsis_path=str(tmp_path / "tree"))
    assert "arm_math_types.h" in error.cause
    assert "intrinsics.h" not in error.cause
    assert "arm_math_types.h is wanted by arm_nnfunctions.h" in error.details
    assert error.details[-1] == f"looked in {tmp_path / 'tree'}: it has NN, no DSP and no Core"


def test_a_path_that_is_none_is_refused(make_project: MakeProject, tmp_path: Path) -> None:
    error = refusal(make_project, tmp_path, cmsis_path=str(tmp_path / "nowhere"))
    assert "there is none at" in error.cause


def test_hooks_are_named_when_they_are_missing(make_project: MakeProject, tmp_path: Path) -> None:
    header = extra_tar(tmp_path / "header.tar", {"npu.h": DRIVER["npu.h"]})
    with pytest.raises(UsageError) as caught:
        make_project(npu_library(tmp_path / "npu.tar"), extra_files_tar=str(header))
    assert all(hook in caught.value.cause for hook in HOOKS)
    with pytest.raises(UsageError, match=r"headers that aren't there: npu\.h"):
        make_project(npu_library(tmp_path / "npu.tar"))


@pytest.mark.stm32cube
def test_cmsis_on_another_processor_is_refused(make_project: MakeProject, tmp_path: Path) -> None:
    tree = cmsis_tree()
    extra = extra_tar(tmp_path / "hooks.tar", HOOKS_ALONE)
    error = refusal(
        make_project, tmp_path, board="host", cmsis_path=str(tree), extra_files_tar=str(extra)
    )
    assert isinstance(error, BoardError)
    assert "for Cortex-M" in error.cause
