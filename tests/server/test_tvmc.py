"""tvmc on our template: `tvmc micro create`, `build`, `flash`, as users type them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from microtvm_boards.resources import template_dir
from tests.conftest import DATA

pytestmark = pytest.mark.tvm

TVMC = """\
from microtvm_boards.tvm import enable_micro
enable_micro()
from tvm.driver.tvmc.main import main
main()
"""
ADHOC = ("template", "--template-dir", str(template_dir()))
OPTIONS = ("--project-option", "board=host", "model_entrypoint_api=c")


def tvmc(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    pytest.importorskip("tvm")
    command = [sys.executable, "-c", TVMC, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def done(process: subprocess.CompletedProcess[str]) -> str:
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def refused(process: subprocess.CompletedProcess[str]) -> str:
    """What tvmc printed on a mistake of the user's: no traceback."""
    assert process.returncode != 0
    assert "Traceback" not in process.stdout + process.stderr
    return process.stdout + process.stderr


def test_create_build_and_flash(tmp_path: Path) -> None:
    project = tmp_path / "project"
    done(tvmc("micro", "create", project, DATA / "foo_c.tar", *ADHOC, *OPTIONS))
    assert (project / "project.json").is_file()
    done(tvmc("micro", "build", project, *ADHOC))
    done(tvmc("micro", "build", project, "-f", *ADHOC, "--project-option", "verbose=true"))
    done(tvmc("micro", "flash", project, *ADHOC))


def test_the_help_lists_our_options() -> None:
    text = done(tvmc("micro", "create", "p", "model.tar", *ADHOC, "--help"))
    assert "model_entrypoint_api={packed, c}" in text
    assert "mps2_an386" in text
    text = done(tvmc("micro", "build", "p", *ADHOC, "--help"))
    assert "verbose={true, false}" in text
    assert "board=" not in text


def test_a_board_file_of_the_users_own_is_taken(tmp_path: Path) -> None:
    board = tmp_path / "mine.yaml"
    text = (template_dir() / "board_configs" / "host.yaml").read_text()
    board.write_text(text.replace("name: host", "name: mine"))
    options = ("--project-option", f"board={board}", "model_entrypoint_api=c")
    done(tvmc("micro", "create", tmp_path / "project", DATA / "foo_c.tar", *ADHOC, *options))
    assert "mine" in (tmp_path / "project" / "board.yaml").read_text()


def test_a_mistake_reads_as_our_message(tmp_path: Path) -> None:
    options = ("--project-option", "board=hots")
    text = refused(tvmc("micro", "create", tmp_path / "p", DATA / "foo_c.tar", *ADHOC, *options))
    assert 'There is no board "hots". Did you mean "host"?' in text
    assert "Try: microtvm-boards boards list" in text
    assert not (tmp_path / "p").exists()


def test_run_tells_why_the_session_did_not_open(tmp_path: Path) -> None:
    """tvmc itself says only that it could not open one (TVM v0.16, tvmc/runner.py)."""
    project = tmp_path / "project"
    done(tvmc("micro", "create", project, DATA / "foo_c.tar", *ADHOC, *OPTIONS))
    text = refused(tvmc("run", "--device", "micro", project, "--fill-mode", "ones"))
    assert "Could not open a session" in text
    assert (
        f"microtvm-boards: The project {project} is not built.\nTry: microtvm-boards build" in text
    )
