"""Projects of single operators, as autotuning exports them: firmware whose kernels Python calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.cli.commands.run import find_model
from microtvm_boards.errors import MicroTvmBoardsError, ModelError
from microtvm_boards.mlf import load
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from microtvm_boards.project.generate import prepare
from microtvm_boards.project.inputs.attachments import Attachments, KernelHostPlan
from microtvm_boards.project.needs.need import NeedKind
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.plan.files import trial_files
from microtvm_boards.project.plan.plan import plan
from microtvm_boards.project.target import choose_target
from microtvm_boards.project.write.render import render
from tests.conftest import DATA
from tests.project.test_buffers import planned

MakeProject = Callable[..., Project]
OPERATOR = DATA / "operator.tar"  # bias_add: int8 [4, 8] + int8 [1, 8] -> int32 [4, 8]


def packed(make_project: MakeProject, **options: object) -> Project:
    return make_project("operator", model_entrypoint_api="packed", **options)


@pytest.mark.parametrize(
    "board", ["host", "microbit", "mps2_an386", "netduinoplus2", "stm32vldiscovery"]
)
def test_operators_are_a_project_without_models(make_project: MakeProject, board: str) -> None:
    project = packed(make_project, board=board)
    assert project.models == ()
    assert (
        "#define MTVM_MODEL_COUNT 0\n"
        in (project.directory / "src/model/mtvm_config.h").read_text()
    )
    files = set(json.loads((project.directory / "project.json").read_text())["files"])
    assert "model/codegen/host/src/lib1.c" in files
    assert "src/rpc/kernels/operators.c" in files
    assert "src/rpc/features/executor.c" not in files  # there is nothing to execute
    assert "src/rpc/kernels/kernel_window.c" not in files  # nor does anything come later


def test_tensors_get_the_ram_that_is_left(make_project: MakeProject) -> None:
    """Of 128 KiB: what isn't stack, packet, ring or reserve. The workspace is a part of it."""
    project = packed(make_project, board="netduinoplus2")
    assert project.rpc is not None
    assert 96 << 10 < project.rpc.tensor_heap_bytes < 128 << 10
    needs = sum(n.size_bytes for n in project.manifest.memory if n.memory == "RAM")
    assert needs <= (128 << 10) - 512
    chosen = packed(make_project, board="netduinoplus2", tensor_heap_bytes=20000)
    assert chosen.rpc is not None
    assert chosen.rpc.tensor_heap_bytes == 20000


@pytest.mark.parametrize(
    ("board", "ram", "reserve"),
    [("microbit", 16 << 10, 1024), ("netduinoplus2", 128 << 10, 8192)],
)
def test_the_heap_leaves_a_sixteenth_of_the_ram_within_bounds(
    board: str, ram: int, reserve: int
) -> None:
    """For what only the linker knows; the heap is a multiple of the alignment."""
    result = planned("operator", board, model_entrypoint_api="packed")
    needed = sum(n.size_bytes for n in result.needs if n.memory == "RAM" and not n.estimate)
    assert ram - reserve - 16 < needed <= ram - reserve


@pytest.mark.parametrize(
    ("board", "stack"),
    [
        ("stm32vldiscovery", 2048),  # a quarter of 8 KiB
        ("microbit", 4096),  # of 16 KiB: the least
        ("netduinoplus2", 8192),  # a sixteenth of 128 KiB
        ("mps2_an386", 16384),  # of 4 MiB: the most
    ],
)
def test_the_stack_is_a_sixteenth_of_the_ram_within_bounds(board: str, stack: int) -> None:
    assert planned("operator", board, model_entrypoint_api="packed").stack.size_bytes == stack


def test_tensors_get_64_mib_of_this_computer() -> None:
    rpc = planned("operator", "host", model_entrypoint_api="packed").rpc
    assert rpc is not None and rpc.tensor_heap_bytes == 64 << 20


def test_tensors_that_do_not_fit_are_told_before_anything_is_written(
    make_project: MakeProject,
) -> None:
    with pytest.raises(MicroTvmBoardsError, match=r"RAM: needed .* available 8192 B"):
        packed(make_project, board="stm32vldiscovery", tensor_heap_bytes=9000)


@pytest.mark.tools
@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"model_entrypoint_api": "c"}, "only Python can call them", "leave model_entrypoint_api"),
        (
            {"model_entrypoint_api": "packed", "runtime": "standalone_crt"},
            "runtime can't be standalone_crt",
            "leave runtime out",
        ),
        (
            {"model_entrypoint_api": "packed", "more_models": [str(DATA / "foo_c.tar")]},
            "not a model to run beside others",
            "without more_models",
        ),
    ],
)
def test_what_operators_have_no_use_for_is_refused(
    make_project: MakeProject,
    request: pytest.FixtureRequest,
    options: dict[str, object],
    message: str,
    hint: str,
) -> None:
    if "runtime" in options:
        options = {**options, "standalone_crt_dir": request.getfixturevalue("standalone_crt")}
    with pytest.raises(MicroTvmBoardsError, match=message) as caught:
        make_project("operator", **options)
    assert hint in caught.value.hint


def test_operators_without_their_tables_are_refused() -> None:
    model = replace(load(OPERATOR), system_lib=False)
    with pytest.raises(ModelError, match="no function registry") as caught:
        prepare(model, ProjectOptions(board="host"))
    assert "system-lib" in caught.value.hint


def test_a_trial_of_tuning_has_no_firmware_of_its_own(tmp_path: Path) -> None:
    directory = tmp_path / "trial"
    render(trial_files(prepare(load(OPERATOR), ProjectOptions(board="host"))), directory)
    project = Project.open(directory)
    assert project.manifest.trial
    assert not (directory / "CMakeLists.txt").exists()
    with pytest.raises(MicroTvmBoardsError, match="trial of tuning"):
        get_platform("host").build(project)


@pytest.mark.parametrize(
    ("board", "window", "loader"),
    [("mps2_an386", 8192, "kernel_window.c"), ("host", 0, "kernel_library.c")],
)
def test_kernels_that_come_later_come_into_a_window_or_as_libraries(
    board: str, window: int, loader: str
) -> None:
    options = ProjectOptions(board=board)
    found = load_board(board)
    comes = Attachments(kernel_host=KernelHostPlan("0123456789abcdef", window))
    result = plan(load(OPERATOR), found, options, choose_target(found, options), comes)
    names = {Path(f.path).name for f in result.files if f.path.startswith("src/rpc/kernels/")}
    assert names & {"kernel_window.c", "kernel_library.c"} == {loader}
    assert sum(n.size_bytes for n in result.needs if n.kind is NeedKind.WINDOW) == window


def test_commands_that_run_a_model_say_that_there_is_none(make_project: MakeProject) -> None:
    with pytest.raises(MicroTvmBoardsError, match="holds single operators"):
        find_model(packed(make_project), None)
