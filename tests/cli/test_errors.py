"""Failures as a user meets them: one message, what to try, an exit code, no traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards import errors, resources
from microtvm_boards.cli import app
from microtvm_boards.cli.exit_codes import DIFFERENT, EXIT_CODES, INTERNAL, OUTPUT_CLOSED, USAGE
from tests.cli.conftest import PROGRAM, cli

pytestmark = pytest.mark.slow


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Makes `template-dir` raise `error`."""

    def fail() -> Path:
        raise error

    monkeypatch.setattr(resources, "template_dir", fail)


def test_every_exit_code_of_the_error_tree_has_a_meaning() -> None:
    classes = [errors.MicroTvmBoardsError]
    for cls in classes:
        classes += cls.__subclasses__()
    ours = {cls.exit_code for cls in classes if cls.__module__ == errors.__name__}
    assert ours == set(EXIT_CODES) - {0, DIFFERENT, 130, 141}


@pytest.mark.parametrize(
    ("args", "name", "nearest"),
    [
        (["bild"], "bild", "build"),
        (["boards", "lits"], "lits", "list"),
        (["build", "p", "--verbsoe"], "--verbsoe", "--verbose"),
        (["create", "m.tar", "p", "--bord", "host"], "--bord", "--board"),
        (["create", "m.tar", "p", "--board", "host", "-o", "stak-size-bytes=1"], "stak", "stack"),
        (["create", "m.tar", "p", "--board", "host", "--app", "harnes"], "harnes", "harness"),
    ],
)
def test_an_unknown_word_gets_the_nearest_known_one(
    args: list[str], name: str, nearest: str
) -> None:
    answer = cli(*args)
    assert answer.code == USAGE
    assert answer.out == ""
    assert name in answer.err
    assert nearest in answer.err.split("Did you mean")[1]


@pytest.mark.parametrize(
    "args", [["build"], ["boards"], ["run", "p", "--timeout", "soon"], ["size", "p", "q"]]
)
def test_wrong_arguments_point_to_the_help_of_their_command(args: list[str]) -> None:
    answer = cli(*args)
    assert answer.code == USAGE
    assert answer.err.startswith("Error: ")
    assert f"Try: microtvm-boards {args[0]} --help" in answer.err


def test_a_board_that_is_unknown_gets_the_nearest_names() -> None:
    answer = cli("boards", "show", "mps2_an38")
    assert answer.code == errors.BoardError.exit_code
    assert '"mps2_an386"' in answer.err


@pytest.mark.parametrize(
    "command", ["build", "flash", "run", "monitor", "size", "profile", "validate"]
)
def test_a_directory_that_is_no_project_is_refused(command: str, tmp_path: Path) -> None:
    answer = cli(command, tmp_path)
    assert answer.code == errors.ProjectError.exit_code
    assert f"{tmp_path} is not a project" in answer.err
    assert "Try: microtvm-boards create" in answer.err


@pytest.mark.parametrize(
    "args",
    [
        ["--json", "boards", "show", "nix"],
        ["boards", "--json", "show", "nix"],
        ["boards", "show", "nix", "--json"],
        ["bild", "--json"],
        ["build", "--jsno", "--json"],
    ],
)
def test_with_json_an_error_is_one_document_on_stdout(args: list[str]) -> None:
    answer = cli(*args)
    assert answer.code in (USAGE, errors.BoardError.exit_code)
    assert answer.err == ""
    assert set(answer.json) == {"error"}
    assert set(answer.json["error"]) == {"cause", "hint", "details", "log"}


def test_an_error_comes_with_all_its_parts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    error = errors.BuildError("It failed.", hint="again", details=["why"], log=Path("all.log"))
    fail_with(monkeypatch, error)
    assert app.run(["template-dir"]) == errors.BuildError.exit_code
    assert capsys.readouterr().err == "Error: It failed.\n  why\nTry: again\nFull log: all.log\n"


@pytest.mark.parametrize("error", [errors.BoardError("It failed."), KeyError("key")])
def test_a_traceback_comes_with_vv_alone(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, error)
    for verbosity in ([], ["-v"]):
        app.run(["template-dir", *verbosity])
        assert "Traceback" not in capsys.readouterr().err
    for args in (["template-dir", "-vv"], ["-v", "template-dir", "-v"]):
        app.run(args)
        assert "Traceback" in capsys.readouterr().err


def test_a_mistake_of_ours_says_so_and_where_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, KeyError("key"))
    assert app.run(["template-dir"]) == INTERNAL
    said = capsys.readouterr().err
    assert "not yours: KeyError: 'key'" in said
    assert "report it" in said


def test_what_the_system_refuses_is_not_called_our_mistake(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, PermissionError(13, "Permission denied", "/there"))
    assert app.run(["template-dir"]) == INTERNAL
    said = capsys.readouterr().err
    assert "Permission denied: '/there'" in said
    assert "not yours" not in said


def test_a_reader_that_goes_away_ends_the_program_quietly() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*PROGRAM, "boards", "list", "--json"], stdout=write, stderr=subprocess.PIPE, timeout=60
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (OUTPUT_CLOSED, b"")


@pytest.mark.tools
def test_without_a_stderr_work_goes_on(host: Path) -> None:
    command = f'exec "$0" -m microtvm_boards.cli build "{host}" 2>&-'
    done = subprocess.run(["sh", "-c", command, PROGRAM[0]], capture_output=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.startswith(b"Built ")


@pytest.mark.tools
def test_a_build_without_a_compiler_says_what_to_install(host: Path, tmp_path: Path) -> None:
    answer = cli("build", host, env={"PATH": str(tmp_path)})
    assert answer.code == errors.ToolNotFoundError.exit_code
    assert "cmake" in answer.err
    assert "Try: apt-get install" in answer.err


def test_a_name_that_the_terminal_cannot_show_is_no_failure(tmp_path: Path) -> None:
    shutil.copy(resources.board_configs() / "host.yaml", tmp_path / "доска.yaml")
    board = tmp_path / "доска.yaml"
    answer = cli("boards", "show", board, env={"PYTHONIOENCODING": "latin-1"})
    assert (answer.code, answer.err) == (0, "")
    assert "\\u0434\\u043e\\u0441\\u043a\\u0430.yaml" in answer.out


@pytest.mark.tools
def test_a_failed_build_shows_the_compilers_words_and_the_log(
    create_and_build: Callable[..., Path],
) -> None:
    project = create_and_build("foo_c", "--board", "host")
    broken = project / "src" / "app" / "c_harness.c"
    broken.write_text("int main(void) { return nothing_here; }\n")
    answer = cli("build", project, "--json")
    assert answer.code == errors.BuildError.exit_code
    error = answer.json["error"]
    assert "nothing_here" in error["cause"] + " ".join(error["details"])
    assert Path(error["log"]).is_file()
    for command in ("flash", "size", "profile", "validate"):
        assert cli(command, project).code == errors.ProjectError.exit_code
