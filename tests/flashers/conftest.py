from __future__ import annotations

import shlex
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from microtvm_boards.boards import Board, load_board
from microtvm_boards.flashers import FlashTarget
from tests.boards.good import GOOD
from tests.flashers.elf import FLASH, RAM, write_elf

CODE = bytes(range(256)) * 5 + b"\xff\x00"  # an odd number of words, and bytes like erased flash
DATA = b"initial values of variables"


class StandIn:
    """A program on the PATH that notes its arguments and prints what the real one prints."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._calls = path.with_suffix(".calls")

    def says(self, *answers: tuple[int, str], then: str = "") -> None:
        """From now on: exit status and output of each call, the last one for all that follow.
        `then`: shell commands that each call ends with, in which "$@" is its arguments."""
        for number, (status, text) in enumerate(answers, 1):
            self.path.with_suffix(f".{number}").write_text(text)
            self.path.with_suffix(f".{number}.status").write_text(str(status))
        me = shlex.quote(str(self.path))
        self._calls.write_text("")
        self.path.write_text(
            "#!/bin/sh\n"
            f'for word in "$@"; do printf "%s\\n" "$word"; done >>{me}.calls\n'
            f"echo -- >>{me}.calls\n"
            f"n=$(grep -cx -e -- {me}.calls)\n"
            f"[ $n -gt {len(answers)} ] && n={len(answers)}\n"
            f"cat {me}.$n\n"
            f"{then}\n"
            f"exit $(cat {me}.$n.status)\n"
        )
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each call."""
        return [call.splitlines() for call in self._calls.read_text().split("--\n")[:-1]]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], StandIn]:
    """`stand_in("openocd")`: nothing but stand-ins and the system's own tools are on the PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    system = tmp_path / "system"
    system.mkdir()
    for name in ("cat", "cp", "grep", "sleep", "printf", "sh", "kill"):
        (system / name).symlink_to(f"/bin/{name}")
    monkeypatch.setenv("PATH", f"{folder}:{system}")
    # Where a virtual environment's programs are looked for, too.
    monkeypatch.setattr("sys.executable", str(tmp_path / "venv" / "bin" / "python"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def make(program: str) -> StandIn:
        tool = StandIn(folder / program)
        tool.says((0, ""))
        return tool

    return make


@pytest.fixture
def board_with(tmp_path: Path) -> Callable[[str], Board]:
    """`board_with("[openocd]")`: a board whose file lists these flashers."""

    def make(flashers: str) -> Board:
        path = tmp_path / "my_board.yaml"
        path.write_text(GOOD.replace("flashers: [emulator]", f"flashers: {flashers}"))
        return load_board(str(path))

    return make


@pytest.fixture
def target(tmp_path: Path, board_with: Callable[[str], Board]) -> FlashTarget:
    """A firmware with code in flash and initial values that start-up code copies to RAM."""
    build = tmp_path / "build"
    build.mkdir()
    segments = [(FLASH, FLASH, CODE), (RAM, FLASH + len(CODE) + 2, DATA)]
    firmware = write_elf(build / "firmware.elf", segments)
    return FlashTarget(firmware, board_with("[]"), build, directory=tmp_path)


def arguments(calls: Sequence[Sequence[str]], target: FlashTarget) -> list[str]:
    """Calls as one line each, with the build directory cut from paths."""
    return [" ".join(call).replace(f"{target.build_dir}/", "") for call in calls]
