"""`create`: all or nothing, the same bytes every time, and errors before anything is written."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from microtvm_boards.errors import (
    BoardError,
    MicroTvmBoardsError,
    ModelError,
    ProjectError,
    UsageError,
)
from microtvm_boards.project import Project, create, parse_options
from microtvm_boards.resources import board_configs
from tests.conftest import DATA

MakeProject = Callable[..., Project]


def tree(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def test_the_same_inputs_give_the_same_bytes(make_project: MakeProject) -> None:
    options = {"board": "mps2_an386", "compile_definitions": "-DA=1"}
    assert tree(make_project("foo_packed", **options).directory) == tree(
        make_project("foo_packed", **options).directory
    )


def test_every_file_has_a_reason_and_every_reason_a_file(make_project: MakeProject) -> None:
    project = make_project("foo_graph", board="mps2_an386")
    assert set(tree(project.directory)) == set(project.manifest.files)
    assert all(project.manifest.files.values())


def test_the_manifest_says_what_the_project_is(make_project: MakeProject) -> None:
    project = make_project("foo_c", board="mps2_an386")
    assert project.platform == "baremetal"
    assert project.entrypoint == "c"
    model = project.models[0]
    assert [t.name for t in model.inputs] == ["zeta", "alpha"]
    assert model.inputs[0].shape == (1, 8, 8, 3)
    assert project.manifest.model_library_format.version == 7
    assert project.models[0].entry == "tvmgen_foo_run"


def test_the_library_of_the_model_is_kept(make_project: MakeProject) -> None:
    project = make_project("foo_c")
    assert project.mlf.read_bytes() == (DATA / "foo_c.tar").read_bytes()


def test_a_failed_create_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "project"
    options = parse_options(
        {"board": "microbit", "model_entrypoint_api": "c", "stack_size_bytes": "1000000"},
        "generate_project",
    )
    with pytest.raises(ProjectError):
        create(DATA / "foo_c.tar", target, options)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_while_writing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from microtvm_boards.project.write import render

    def full_disk(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(render.Contents, "of", full_disk)
    options = parse_options({"board": "host", "model_entrypoint_api": "c"}, "generate_project")
    with pytest.raises(ProjectError, match="No space left"):
        create(DATA / "foo_c.tar", tmp_path / "a" / "project", options)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_too_long_leaves_nothing(tmp_path: Path) -> None:
    options = parse_options({"board": "host", "model_entrypoint_api": "c"}, "generate_project")
    with pytest.raises(ProjectError, match="can't be written"):
        create(DATA / "foo_c.tar", tmp_path / "a" / "b" / ("n" * 250), options)
    assert list(tmp_path.iterdir()) == []


def test_others_can_read_a_project(make_project: MakeProject) -> None:
    assert make_project("foo_c").directory.stat().st_mode & 0o777 == 0o755


def test_a_directory_that_exists_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    options = parse_options({"board": "host", "model_entrypoint_api": "c"}, "generate_project")
    with pytest.raises(ProjectError, match="exists already"):
        create(DATA / "foo_c.tar", tmp_path, options)
    assert (tmp_path / "mine").read_text() == "precious"


def test_an_empty_directory_is_filled(tmp_path: Path) -> None:
    options = parse_options({"board": "host", "model_entrypoint_api": "c"}, "generate_project")
    assert create(DATA / "foo_c.tar", tmp_path, options).directory == tmp_path.resolve()


def test_what_does_not_fit_is_refused_with_bytes_per_memory(make_project: MakeProject) -> None:
    with pytest.raises(ProjectError) as caught:
        make_project("foo_c", board="microbit", stack_size_bytes=16384)
    text = str(caught.value)
    assert "doesn't fit the board microbit" in text
    assert "RAM: needed" in text
    assert "available 16384 B" in text
    assert "16384 B  stack" in text


def test_constants_that_do_not_fit_the_flash_are_refused(
    make_project: MakeProject, tmp_path: Path
) -> None:
    board = yaml.safe_load((board_configs() / "microbit.yaml").read_text())
    board["name"] = "tiny"
    for memory in board["memories"]:
        if memory["use"] == "flash":
            memory["size"] = 256
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(board))
    with pytest.raises(ProjectError, match="available 256 B"):
        make_project("foo_c", board=str(path))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("driver: cmsdk", "driver: cmsdkk", 'no UART driver "cmsdkk".*"cmsdk"'),
        ("[baremetal]", "[arduino]", 'wants platform "arduino", which this version doesn\'t have'),
    ],
)
def test_a_board_that_wants_what_there_is_not(
    make_project: MakeProject, tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text((board_configs() / "mps2_an386.yaml").read_text().replace(old, new))
    with pytest.raises(MicroTvmBoardsError, match=message):
        make_project("foo_c", board=str(path))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"board": "mps2_an368"}, BoardError, 'Did you mean "mps2_an386"'),
        ({"platform": "baremetall"}, UsageError, 'no platform "baremetall"'),
        (
            {"model_entrypoint_api": "packed", "rpc_packet_bytes": 64},
            UsageError,
            "too small for any copy",
        ),
        ({"sample_inputs": "missing.npz"}, UsageError, "there is none at"),
        ({"extra_files_tar": "missing.tar"}, UsageError, "there is none at"),
        ({"board": "mps2_an386", "stack_size_bytes": 8}, UsageError, "start-up code alone"),
    ],
)
def test_wrong_options_are_named(
    make_project: MakeProject, options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make_project("foo_c", **options)


def test_standalone_crt_that_is_none_says_where_it_was_looked_for(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TVM_HOME", str(tmp_path))
    with pytest.raises(UsageError, match="build/standalone_crt has no") as caught:
        make_project("foo_c", runtime="standalone_crt", standalone_crt_dir=tmp_path)
    assert "runtime=own" in caught.value.hint


def test_code_that_needs_the_whole_runtime_is_refused(make_project: MakeProject) -> None:
    """LLVM without system-lib calls through pointers that only TVM's runtime fills in."""
    with pytest.raises(ModelError, match="__TVMBackendAllocWorkspace") as caught:
        make_project("objects_x86_nousmp")
    assert "system-lib" in caught.value.hint


def test_inputs_inside_the_workspace_are_refused(make_project: MakeProject) -> None:
    with pytest.raises(ModelError, match="use_workspace_io"):
        make_project("pools_io_c")


def test_extra_files_become_part_of_the_project(make_project: MakeProject, tmp_path: Path) -> None:
    import tarfile

    (tmp_path / "mine.c").write_text("int mine;\n")
    with tarfile.open(tmp_path / "extra.tar", "w") as tar:
        tar.add(tmp_path / "mine.c", "mine.c")
    project = make_project("foo_c", extra_files_tar=str(tmp_path / "extra.tar"))
    assert (project.directory / "extra" / "mine.c").read_text() == "int mine;\n"
    assert "extra/mine.c" in (project.directory / "project.cmake").read_text()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"zeta": np.zeros((1, 8, 8, 3), "int8")}, 'no array "alpha"'),
        ({"zetta": np.zeros((1, 8, 8, 3), "int8")}, 'Did you mean "zeta"'),
        ({"zeta": np.zeros((1, 8, 8, 3)), "alpha": np.zeros((1, 8, 8, 3))}, "is int8"),
        (
            {"zeta": np.zeros((8, 8, 3), "int8"), "alpha": np.zeros((1, 8, 8, 3), "int8")},
            "has shape",
        ),
        (
            {"zeta": np.zeros((2, 1, 8, 8, 3), "int8"), "alpha": np.zeros((1, 8, 8, 3), "int8")},
            "same number of samples",
        ),
    ],
)
def test_wrong_samples_are_named(
    make_project: MakeProject, tmp_path: Path, arrays: dict[str, object], message: str
) -> None:
    path = tmp_path / "samples.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=message):
        make_project("foo_c", sample_inputs=str(path))


def test_a_damaged_manifest_is_named(make_project: MakeProject) -> None:
    directory = make_project("foo_c").directory
    (directory / "project.json").write_text("{")
    with pytest.raises(ProjectError, match="is damaged"):
        Project.open(directory)
    (directory / "project.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(ProjectError, match="has format 99"):
        Project.open(directory)


def test_a_folder_that_is_no_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="is not a project"):
        Project.open(tmp_path)


@pytest.mark.slow
def test_the_project_builds_without_any_tool_of_ours(
    make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project("foo_c")
    environment = {"PATH": "/usr/bin:/bin"}
    for command in (
        ["cmake", "-S", project.directory, "-B", tmp_path / "out"],
        ["cmake", "--build", tmp_path / "out"],
    ):
        subprocess.run(command, check=True, env=environment, capture_output=True)
    assert (tmp_path / "out" / "firmware.elf").is_file()


def test_any_error_is_of_our_tree(make_project: MakeProject) -> None:
    with pytest.raises(MicroTvmBoardsError):
        make_project(DATA / "foo.npz")
