"""How long TVM waits for a firmware."""

from dataclasses import replace
from pathlib import Path

import pytest

from microtvm_boards.boards import Uart, load_board
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project
from microtvm_boards.server.timeouts import session_timeouts


@pytest.fixture
def project(host_project: Path) -> Project:
    return Project.open(host_project)


def on_hardware(project: Project, baud: int) -> Project:
    uart = Uart(driver="cmsdk", base=0x40004000, irq=None, baud=baud)
    return replace(project, board=replace(project.board, uart=uart, emulator=None))


def reply_seconds(project: Project) -> float:
    return session_timeouts(project)["session_established_timeout_sec"]


def test_a_slow_line_gets_the_time_that_its_largest_tensor_takes_twice(project: Project) -> None:
    largest = max(t.size_bytes for m in project.models for t in m.inputs + m.outputs)
    difference = reply_seconds(on_hardware(project, 9600)) - reply_seconds(project)
    assert difference == pytest.approx(2 * largest * 10 / 9600)
    assert reply_seconds(on_hardware(project, 115200)) < reply_seconds(on_hardware(project, 9600))


def test_an_emulator_has_no_line_to_wait_for(project: Project) -> None:
    emulated = replace(project, board=load_board("mps2_an386"))
    assert emulated.board.uart is not None
    assert reply_seconds(emulated) == reply_seconds(project)


def test_debugged_firmware_is_never_timed_out(project: Project) -> None:
    timeouts = session_timeouts(on_hardware(project, 9600), DeviceOptions(gdbserver_port=1234))
    assert set(timeouts.values()) == {0.0}
