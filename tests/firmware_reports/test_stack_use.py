"""What is kept about the stack beside a firmware."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from microtvm_boards.firmware.stack_use import (
    REPORT,
    USED,
    StackUse,
    note_stack_used,
    read_stack,
    reserved_stack,
    write_stack,
)
from microtvm_boards.project import Project

USE = StackUse(
    reserved_bytes=1152,
    static_bytes=1000,
    main_bytes=900,
    interrupts={"SysTick_Handler": 100},
    chain=(("main", 100), ("deep", 800)),
    from_code=("deep",),
    allowances={"k_sleep": 256},
)


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    made = make_project("foo_c", board="mps2_an386")
    made.build_dir.mkdir()
    return made


def test_it_is_read_as_it_was_written(project: Project) -> None:
    assert read_stack(project) is None
    write_stack(USE, project, "abc")
    assert read_stack(project) == read_stack(project, "abc") == USE


def test_another_firmwares_is_not_taken(project: Project) -> None:
    write_stack(USE, project, "abc")
    assert read_stack(project, "def") is None


def test_the_most_that_any_run_used_is_kept(project: Project) -> None:
    note_stack_used(project, 500)  # of a firmware that nobody measured
    assert not (project.build_dir / USED).exists()
    write_stack(USE, project, "abc")
    for used in (500, 700, 600, 0):
        note_stack_used(project, used)
    found = read_stack(project)
    assert found is not None and found.used_bytes == 700
    write_stack(USE, project, "abc")  # built again, with the same result
    found = read_stack(project)
    assert found is not None and found.used_bytes == 700
    write_stack(USE, project, "def")
    found = read_stack(project)
    assert found is not None and found.used_bytes is None


def test_the_stack_is_as_large_as_it_was_linked(project: Project) -> None:
    assert reserved_stack(project) == project.manifest.stack_bytes
    write_stack(USE, project, "abc")
    assert reserved_stack(project) == 1152


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"firmware_sha256": "abc"}', '{"firmware_sha256": "abc", "chain": 1}']
)
def test_a_damaged_file_says_nothing(project: Project, text: str) -> None:
    (project.build_dir / REPORT).write_text(text)
    assert read_stack(project) is None
    note_stack_used(project, 100)
    assert reserved_stack(project) == project.manifest.stack_bytes
