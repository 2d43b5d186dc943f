"""The tuning benchmark measures trials in either mode; times don't gate anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.conftest import load_benchmark

pytestmark = pytest.mark.tvm


def test_trials_in_an_hour_and_what_they_spend_it_on(tmp_path: Path) -> None:
    pytest.importorskip("tvm")
    tune = load_benchmark("tune")
    line = tune.Line("host")
    row = tune.measure(line, 0.0, 3, tmp_path)
    assert (row.line, row.mode) == ("host", "window")
    assert row.trials + row.failed == 3
    assert row.an_hour > 0
    assert sum(row.shares.values()) == pytest.approx(1, abs=0.01)
    rebuilt = tune.measure(line.rival, 0.0, 1, tmp_path)
    assert (rebuilt.line, rebuilt.mode) == ("host rebuild", "rebuild")
    assert rebuilt.shares["build"] > 0.5


@pytest.mark.qemu
def test_several_boards_are_compared_with_one() -> None:
    tune = load_benchmark("tune")
    one, four = (line for line in tune.lines(quick=False) if line.large)
    assert four.rival == one
    assert [one.name, four.name] == ["mps2_an386 1 board", "mps2_an386 4 boards"]
