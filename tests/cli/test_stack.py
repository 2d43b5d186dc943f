"""The stack's table, and its warning."""

from __future__ import annotations

from dataclasses import replace

import pytest

from microtvm_boards.cli.show.stack import stack_json, stack_table, warn_of_stack
from microtvm_boards.firmware.stack_use import StackUse

USE = StackUse(
    reserved_bytes=1536,
    static_bytes=1300,
    main_bytes=1100,
    interrupts={"SysTick_Handler": 80, "USART1_IRQHandler": 120},
    chain=(("main", 100), ("deep", 1000)),
)


def test_reserved_worst_case_and_mark_are_told() -> None:
    assert stack_table(replace(USE, used_bytes=900)).splitlines() == [
        "Stack              Bytes  What it is",
        "reserved           1,536  by the build, for the worst case",
        "static worst case  1,300  1,100 of the program, 200 of interrupts",
        "high-water mark      900  of the painted stack, in all runs of this firmware",
    ]


def test_what_is_assumed_is_named() -> None:
    text = stack_table(replace(USE, allowances={"__indirect_call": 256, "k_sleep": 96}))
    assert "assumed are 256 for calls through pointers of libraries, 96 for k_sleep" in text


def test_without_a_worst_case_there_is_a_reason() -> None:
    problems = ("src/app/main.c:odd calls itself", "even calls itself")
    text = stack_table(replace(USE, static_bytes=None, main_bytes=None, problems=problems))
    assert "as it was planned" in text
    assert "-  not known: even calls itself, and 1 more (build/stack.json)" in text


def test_nothing_is_shown_where_nothing_is_known() -> None:
    assert stack_table(None) == ""
    assert stack_json(None) is None
    warn_of_stack(None)


@pytest.mark.parametrize(("reserved", "warned"), [(1299, True), (1300, False)])
def test_a_stack_below_the_worst_case_is_warned_of(
    capsys: pytest.CaptureFixture[str], reserved: int, warned: bool
) -> None:
    warn_of_stack(replace(USE, reserved_bytes=reserved, automatic=False))
    said = capsys.readouterr().err
    assert bool(said) is warned
    if warned:
        assert "1299 B, but its static worst case is 1300 B" in said
        assert "stack_size_bytes=1472" in said
