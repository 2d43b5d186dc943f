"""Writes of each board's flash are counted in the user's state directory."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from microtvm_boards.flashers.wear import count_write, read_wear, wear_file


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def test_it_counts_by_probe_over_processes(state: Path) -> None:
    assert read_wear() == {}
    for probe in ("066A", "0671", "066A"):
        count_write(probe)
    assert read_wear() == {"066A": 2, "0671": 1}
    assert wear_file() == state / "microtvm-boards" / "flash-wear.json"
    assert [p.name for p in sorted(wear_file().parent.iterdir())] == [
        "flash-wear.json",
        "flash-wear.lock",
    ]


def test_boards_that_are_flashed_at_once_are_all_counted() -> None:
    threads = [
        threading.Thread(target=lambda: [count_write("066A") for _ in range(20)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_wear() == {"066A": 160}


@pytest.mark.parametrize("content", ["", "{", "[1]", '"x"'])
def test_a_damaged_file_starts_anew(content: str) -> None:
    count_write("066A")
    wear_file().write_text(content)
    assert read_wear() == {}
    count_write("066A")
    assert read_wear() == {"066A": 1}


def test_a_count_that_is_no_number_is_left_out() -> None:
    count_write("066A")
    wear_file().write_text('{"a": "x", "b": true, "c": 3}')
    assert read_wear() == {"c": 3}


def test_where_nothing_can_be_written_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    count_write("066A")
    assert read_wear() == {}


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_without_a_state_directory_it_is_below_home(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", value)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert wear_file() == tmp_path / ".local/state/microtvm-boards/flash-wear.json"
