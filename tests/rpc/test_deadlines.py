"""How long an answer is waited for."""

from __future__ import annotations

import math

import pytest

from microtvm_boards.rpc.deadlines import Pace, answer_seconds, run_seconds, wire_seconds


def test_bytes_take_ten_bits_each_and_twice_where_all_are_escaped() -> None:
    assert wire_seconds(Pace(baud=115200), 11520) == pytest.approx(2.0)
    assert wire_seconds(Pace(baud=921600), 11520) == pytest.approx(0.25)


def test_a_line_without_a_rate_still_has_a_deadline() -> None:
    assert 0 < wire_seconds(Pace(), 1 << 20) < 300


def test_an_answer_may_take_its_bytes_its_work_and_the_grace() -> None:
    pace = Pace(baud=9600, grace=3.0)
    seconds = answer_seconds(pace, sent=480, expected=480, work=7.0)
    assert seconds == pytest.approx(3.0 + 2.0 + 7.0)


def test_a_model_that_never_ran_gets_the_time_for_a_large_one() -> None:
    assert run_seconds(Pace(first_run=60.0), None) == 60.0


def test_a_model_that_ran_gets_a_multiple_of_its_longest_run() -> None:
    assert run_seconds(Pace(margin=8.0), 0.5) == 4.0
    assert run_seconds(Pace(margin=8.0), 0.5, runs=10) == 40.0


def test_a_debugged_device_has_no_deadline() -> None:
    pace = Pace(baud=9600).patient()
    assert math.isinf(answer_seconds(pace, sent=1, expected=1))
    assert math.isinf(pace.start) and math.isinf(pace.retry)
    assert pace.baud == 9600
