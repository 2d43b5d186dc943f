"""Boards from folders: ours, the project's, the user's and those of packages, in that order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from microtvm_boards.boards import board_names
from tests.boards.good import GOOD
from tests.plugins.installed import install

pytestmark = pytest.mark.slow

MORE = """
from pathlib import Path
from microtvm_boards.boards.source import BoardFolder

class More(BoardFolder):
    def __init__(self):
        super().__init__(Path(__file__).parent / "more_boards")
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Folders `here` (where the program starts), `config` (the user's) and `site` (packages)."""
    for folder, boards in (
        ("here/board_configs", ["mine"]),
        ("config/microtvm-boards/boards", ["mine", "users", "host"]),
        ("site/more_boards", ["mine", "users", "packaged"]),
    ):
        (tmp_path / folder).mkdir(parents=True)
        for name in boards:
            text = GOOD.replace("name: my_board", f"name: {name}")
            assert text != GOOD
            (tmp_path / folder / f"{name}.yaml").write_text(text)
    groups = {"microtvm_boards.boards": {"more": "more:More", "none": "no_such_module:Boards"}}
    install(tmp_path / "site", "more", groups, MORE)
    return tmp_path


def boards(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = [str(place / "site"), str(Path(__file__).parents[2])]
    return subprocess.run(
        [sys.executable, "-m", "microtvm_boards.cli", "boards", *arguments],
        cwd=place / "here",
        capture_output=True,
        text=True,
        env={
            **{name: value for name, value in os.environ.items() if name != "ZEPHYR_BASE"},
            "HOME": str(place),  # where no Zephyr is
            "XDG_CONFIG_HOME": str(place / "config"),
            "PYTHONPATH": os.pathsep.join([*path, os.environ.get("PYTHONPATH", "")]),
        },
    )


def test_every_folder_is_listed_and_the_first_has_a_name(place: Path) -> None:
    done = boards(place, "list", "--json")
    assert done.returncode == 0, done.stderr
    listed = {board["name"]: board["source"] for board in json.loads(done.stdout)["boards"]}
    assert listed.keys() == {*board_names(), "mine", "users", "packaged"}
    assert Path(listed["host"]).parent.name == "board_configs"
    assert listed["mine"] == str(place / "here/board_configs/mine.yaml")
    assert listed["users"] == str(place / "config/microtvm-boards/boards/users.yaml")
    assert listed["packaged"] == str(place / "site/more_boards/packaged.yaml")


def test_a_board_of_a_folder_is_shown_by_its_name_and_near_names_know_it(place: Path) -> None:
    done = boards(place, "show", "users")
    assert (done.returncode, done.stdout[:6]) == (0, "users:"), done.stderr
    done = boards(place, "show", "user")
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        4,
        'Error: There is no board "user". Did you mean "users"?',
    )


def test_a_wrong_file_of_the_user_is_left_out_of_the_list_and_said(place: Path) -> None:
    (place / "config/microtvm-boards/boards/wrong.yaml").write_text("name: wrong\n")
    done = boards(place, "list")
    assert done.returncode == 0
    assert "packaged" in done.stdout
    assert done.stderr.startswith("Left out: ")
    assert "wrong.yaml:1: description: expected" in done.stderr
