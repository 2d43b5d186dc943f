"""Tables, numbers and option lists, without a process."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microtvm_boards.boards import Memory, load_board
from microtvm_boards.cli.options import layers
from microtvm_boards.cli.show.results import finite, results_text
from microtvm_boards.cli.show.tables import memory_use_table, percent, preflight_table, table
from microtvm_boards.errors import UsageError
from microtvm_boards.harness import RunResult
from microtvm_boards.platforms import MemoryUse
from microtvm_boards.project.needs.need import MemoryNeed

pytestmark = pytest.mark.slow

NAMES = st.text("abc_-", min_size=1).filter(lambda n: not n.startswith("-"))
PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=300)


def result(ticks: int, stack: int = 0, **outputs: Any) -> RunResult:
    return RunResult(0, 0, "MTVM_OK", ticks, stack, outputs)


def test_a_table_lines_up_and_has_no_trailing_blanks() -> None:
    text = table(("Name", "Bytes"), [("a", "1,000"), ("long name", "2")], numbers=("Bytes",))
    assert text == "Name       Bytes\na          1,000\nlong name      2"


def test_a_table_without_rows_is_nothing() -> None:
    assert table(("Name",), []) == ""


@given(st.lists(st.tuples(PRINTABLE, PRINTABLE), min_size=1, max_size=5))
def test_outside_a_terminal_no_cell_is_cut_or_changed(rows: list[tuple[str, str]]) -> None:
    lines = table(("A", "B"), rows).splitlines()[1:]
    assert [tuple(line.split()) for line in lines] == rows


def test_percent_says_when_there_is_no_limit() -> None:
    assert percent(1, 8) == "12.5 %"
    assert percent(1, None) == "-"
    assert percent(0, 0) == "-"


def test_memory_use_shows_bytes_and_share() -> None:
    use = (MemoryUse("RAM", 2048, 16384), MemoryUse("text", 7, None))
    assert memory_use_table(use).splitlines() == [
        "Memory   Used    Size  Percent",
        "RAM     2,048  16,384   12.5 %",
        "text        7       -        -",
    ]


def test_the_preflight_table_sums_up_each_memory() -> None:
    needs = [
        MemoryNeed("RAM", "stack", 100),
        MemoryNeed("EXTRA", "pool", 5),
        MemoryNeed("RAM", "inputs", 28),
    ]
    memories = [Memory("FLASH", 0, 512, ("flash",)), Memory("RAM", 1024, 256, ("ram",))]
    assert preflight_table(needs, memories).splitlines() == [
        "Memory  What      Needed  Size  Percent",
        "RAM     stack        100",
        "RAM     inputs        28",
        "RAM     together     128   256   50.0 %",
        "EXTRA   pool           5",
        "EXTRA   together       5     -        -",
    ]


def test_results_show_first_values_and_what_was_measured() -> None:
    floats = np.array([0.5, 1e-9, 3], np.float32)
    text = results_text([result(1000, 64, x=np.arange(9), y=floats)], load_board("host"))
    assert text.splitlines() == [
        "Sample  Ticks  Stack bytes  Status   x                y",
        "     0  1,000           64  MTVM_OK  0 1 2 3 4 5 ...  0.5 1e-09 3",
    ]


def test_instructions_come_from_the_emulators_time() -> None:
    board = load_board("mps2_an386")
    assert "Instructions" in results_text([result(1000, x=np.zeros(1))], board)
    assert "Instructions" not in results_text([result(1000, x=np.zeros(1))], load_board("host"))


def test_a_result_without_a_measurement_keeps_its_row() -> None:
    text = results_text([result(1), result(2, stack=8)], load_board("host"))
    assert [line.split() for line in text.splitlines()] == [
        ["Sample", "Ticks", "Stack", "bytes", "Status"],
        ["0", "1", "0", "MTVM_OK"],
        ["1", "2", "8", "MTVM_OK"],
    ]


def test_a_summary_gives_the_spread() -> None:
    text = results_text([result(ticks) for ticks in range(1, 12)], load_board("host"))
    assert text.splitlines() == [
        "Of all samples  Least  Median  Most",
        "Ticks               1       6    11",
    ]


JSON = st.recursive(st.floats() | st.integers() | st.booleans(), lambda inner: st.lists(inner))


@given(JSON)
def test_every_output_can_be_written_as_json(value: Any) -> None:
    json.dumps(finite(value), allow_nan=False)


@given(NAMES, st.text())
def test_an_option_pair_is_split_at_its_first_equals_sign(name: str, value: str) -> None:
    _, named = layers({}, [f"{name}={value}"])
    assert named.values == {name.replace("-", "_"): value}


@given(st.lists(st.text()))
def test_option_pairs_are_taken_or_refused_but_never_fail_otherwise(pairs: list[str]) -> None:
    try:
        _, named = layers({}, pairs)
        assert all(isinstance(value, str) for value in named.values.values())
    except UsageError as error:
        assert error.cause
