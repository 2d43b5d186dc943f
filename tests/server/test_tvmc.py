"""tvmc on our template: `tvmc micro create`, `build`, `flash`, as users type them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from microtvm_boards.resources import template_dir
from tests.conftest import DATA
from tests.relay.tvmc_here import exit_code

pytestmark = pytest.mark.tvm

ADHOC = ("template", "--template-dir", str(template_dir()))
OPTIONS = ("--project-option", "board=host", "model_entrypoint_api=c")


class Tvmc:
    """Runs tvmc in this process; the server is one of its own and writes to the same terminal."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd

    def done(self, *arguments: str | Path) -> str:
        code, text = self._run(arguments)
        assert code == 0, text
        return text

    def refused(self, *arguments: str | Path) -> str:
        """What it printed on a mistake of the user's: no traceback."""
        code, text = self._run(arguments)
        assert code != 0
        assert "Traceback" not in text
        return text

    def _run(self, arguments: Sequence[str | Path]) -> tuple[int, str]:
        self._capfd.readouterr()
        code = exit_code(arguments)
        captured = self._capfd.readouterr()
        return code, captured.out + captured.err


@pytest.fixture
def tvmc(capfd: pytest.CaptureFixture[str]) -> Tvmc:
    pytest.importorskip("tvm")
    return Tvmc(capfd)


def test_create_build_and_flash(tvmc: Tvmc, tmp_path: Path) -> None:
    project = tmp_path / "project"
    tvmc.done("micro", "create", project, DATA / "foo_c.tar", *ADHOC, *OPTIONS)
    assert (project / "project.json").is_file()
    tvmc.done("micro", "build", project, *ADHOC)
    tvmc.done("micro", "build", project, "-f", *ADHOC, "--project-option", "verbose=true")
    tvmc.done("micro", "flash", project, *ADHOC)


def test_the_help_lists_our_options(tvmc: Tvmc) -> None:
    text = tvmc.done("micro", "create", "p", "model.tar", *ADHOC, "--help")
    assert "model_entrypoint_api={packed, c}" in text
    assert "mps2_an386" in text
    text = tvmc.done("micro", "build", "p", *ADHOC, "--help")
    assert "verbose={true, false}" in text
    assert "board=" not in text


def test_a_board_file_of_the_users_own_is_taken(tvmc: Tvmc, tmp_path: Path) -> None:
    board = tmp_path / "mine.yaml"
    text = (template_dir() / "board_configs" / "host.yaml").read_text()
    board.write_text(text.replace("name: host", "name: mine"))
    options = ("--project-option", f"board={board}", "model_entrypoint_api=c")
    tvmc.done("micro", "create", tmp_path / "project", DATA / "foo_c.tar", *ADHOC, *options)
    assert "mine" in (tmp_path / "project" / "board.yaml").read_text()


def test_a_mistake_reads_as_our_message(tvmc: Tvmc, tmp_path: Path) -> None:
    options = ("--project-option", "board=hots")
    text = tvmc.refused("micro", "create", tmp_path / "p", DATA / "foo_c.tar", *ADHOC, *options)
    # Where there is a Zephyr tree, its boards are looked at, too.
    assert 'There is no board "hots"' in text
    assert 'Did you mean "host"' in text
    assert "microtvm-boards boards list" in text
    assert not (tmp_path / "p").exists()


def test_run_tells_why_the_session_did_not_open(tvmc: Tvmc, tmp_path: Path) -> None:
    """tvmc itself says only that it could not open one (TVM v0.16, tvmc/runner.py)."""
    project = tmp_path / "project"
    tvmc.done("micro", "create", project, DATA / "foo_c.tar", *ADHOC, *OPTIONS)
    text = tvmc.refused("run", "--device", "micro", project, "--fill-mode", "ones")
    assert "Could not open a session" in text
    assert (
        f"microtvm-boards: The project {project} is not built.\nTry: microtvm-boards build" in text
    )
