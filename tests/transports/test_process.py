from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from microtvm_boards.errors import ToolNotFoundError, TransportClosedError, TransportError
from microtvm_boards.transports.process import ProcessTransport

SOON = 10.0


def program(directory: Path, code: str) -> Path:
    path = directory / "firmware"
    path.write_text(f"#!{sys.executable}\n{code}\n")
    path.chmod(0o755)
    return path


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(ToolNotFoundError, match="no-such-program is needed; it is not on the PATH"):
        ProcessTransport(["no-such-program"]).open()
    with pytest.raises(ToolNotFoundError, match=r"build/firmware is needed; there is no such"):
        ProcessTransport(["build/firmware"]).open()


def test_a_file_that_may_not_be_executed_is_no_program(tmp_path: Path) -> None:
    program(tmp_path, "").chmod(0o644)
    with pytest.raises(ToolNotFoundError):
        ProcessTransport([str(tmp_path / "firmware")]).open()


def test_a_file_that_is_no_program_is_told_by_the_system(tmp_path: Path) -> None:
    path = tmp_path / "firmware"
    path.write_bytes(b"\x7fELF, or not")
    path.chmod(0o755)
    with ProcessTransport([str(path)]) as transport, pytest.raises(TransportError) as caught:
        transport.read(1, SOON)
    assert caught.value.details == (f"can't run {path}: Exec format error",)


def test_the_program_runs_in_cwd_and_is_found_from_there(tmp_path: Path) -> None:
    program(tmp_path, "import os; print(os.getcwd(), end='')")
    with ProcessTransport(["./firmware"], cwd=tmp_path) as transport:
        assert transport.read(len(str(tmp_path)), None).decode() == str(tmp_path)


@pytest.mark.tools
def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="can't be started"):
        ProcessTransport(["cat"], cwd=tmp_path / "none").open()


@pytest.mark.tools
def test_it_sees_its_arguments_and_environment_and_default_signals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOARD", "b1")
    sh = "echo $BOARD $1; kill -PIPE $$; echo survived"
    with ProcessTransport(["sh", "-c", sh, "sh", "a b"]) as transport:
        assert transport.read(7, None) == b"b1 a b\n"
        with pytest.raises(TransportClosedError, match=r"sh was ended by signal SIGPIPE\."):
            transport.read(1, SOON)


@pytest.mark.tools
def test_a_real_time_signal_has_a_number_and_no_name() -> None:
    number = signal.SIGRTMIN + 2
    told = pytest.raises(TransportClosedError, match=f"was ended by signal {number}")
    with ProcessTransport(["sh", "-c", f"kill -{number} $$"]) as transport, told:
        transport.read(1, SOON)


def test_its_stdin_and_stdout_are_pipes_of_their_own() -> None:
    code = "import os; print(os.get_blocking(0), os.get_blocking(1), sorted(os.listdir('/dev/fd')))"
    with ProcessTransport([sys.executable, "-I", "-S", "-c", code]) as transport:
        answer = b""
        with pytest.raises(TransportClosedError):
            while True:
                answer += transport.read(100, SOON)
    # 3 is the open directory itself
    assert answer.decode().strip() == "True True ['0', '1', '2', '3']"
