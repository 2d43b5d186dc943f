"""Every tool's exact command line, and what its output is taken for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from microtvm_boards.errors import ToolNotFoundError, UsageError
from microtvm_boards.flashers import FLASHERS, FlashTarget, get_flasher
from microtvm_boards.flashers.failures import (
    HINTS,
    WORTH_A_RETRY,
    Failure,
    FlashFailedError,
    classify,
)
from microtvm_boards.flashers.image import flash_image
from microtvm_boards.flashers.tool_flasher import ToolFlasher
from tests.conftest import PATIENCE
from tests.flashers.conftest import StandIn, arguments
from tests.flashers.said import TOOLS

MakeStandIn = Callable[[str], StandIn]
FAILURES = [(name, failure) for name, tool in TOOLS.items() for failure in tool.failures]
WITH_A_TOOL = [name for name in FLASHERS if name not in ("emulator", "pyocd")]
PROGRAMS = {**{name: tool.program for name, tool in TOOLS.items()}, "stm32flash": "stm32flash"}


def tuned(target: FlashTarget, name: str) -> FlashTarget:
    settings = TOOLS[name].settings if name in TOOLS else {}
    return replace(target, serial_number="0671FF", port="/dev/ttyACM0", settings=settings)


@pytest.mark.parametrize("name", TOOLS)
def test_the_command_line_and_success(
    name: str, stand_in: MakeStandIn, target: FlashTarget
) -> None:
    tool = stand_in(TOOLS[name].program)
    tool.says(*TOOLS[name].success, then=TOOLS[name].then)
    heard: list[str] = []
    said = get_flasher(name).flash(tuned(target, name), progress=heard.append)
    assert said == f"Flashed my_board with {name} and verified it."
    assert arguments(tool.calls, target) == [
        command.replace("--build-dir build", f"--build-dir {target.build_dir}")
        for command in TOOLS[name].commands
    ]
    log = (target.build_dir / "flash.log").read_text()
    printed = "".join(text for _, text in TOOLS[name].success).splitlines()
    assert heard == printed
    assert [line for line in log.splitlines() if not line.startswith("$ ")] == printed


@pytest.mark.parametrize("name", TOOLS)
def test_without_a_serial_number_none_is_passed(
    name: str, stand_in: MakeStandIn, target: FlashTarget
) -> None:
    tool = stand_in(TOOLS[name].program)
    tool.says(*TOOLS[name].success, then=TOOLS[name].then)
    get_flasher(name).flash(replace(tuned(target, name), serial_number=None))
    words = [word for call in tool.calls for word in call]
    assert not {"--serial", "--uid", "--dev-id", "-SelectEmuBySN"} & set(words)
    assert not any(word.startswith(("adapter serial", "sn=")) for word in words)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "failure"), FAILURES)
def test_a_failure_is_recognized_and_explained(
    name: str, failure: Failure, stand_in: MakeStandIn, target: FlashTarget
) -> None:
    tool = stand_in(TOOLS[name].program)
    answers = TOOLS[name].failures[failure]
    again = 2 if failure in WORTH_A_RETRY else 1
    tool.says(*answers * again, then=TOOLS[name].then)
    with pytest.raises(FlashFailedError) as caught:
        get_flasher(name).flash(tuned(target, name))
    error = caught.value
    assert error.failure is failure
    assert error.cause == f"{name} could not flash the board: {failure.value}."
    assert error.hint
    assert error.details[-1] == answers[-1][1].strip().splitlines()[-1].strip()
    assert error.log == target.build_dir / "flash.log"
    assert len(tool.calls) == again * len(answers)


@pytest.mark.parametrize("name", WITH_A_TOOL)
def test_a_tool_that_is_not_installed(
    name: str, stand_in: MakeStandIn, target: FlashTarget
) -> None:
    assert not get_flasher(name).available()
    with pytest.raises(ToolNotFoundError, match=f"{PROGRAMS[name]}.* needed and not on") as caught:
        get_flasher(name).flash(tuned(target, name))
    assert caught.value.hint.startswith(("apt-get install ", "pip install ", "install "))
    stand_in(PROGRAMS[name])
    assert get_flasher(name).available()


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_A_TOOL)
def test_a_tool_that_hangs_is_ended_with_what_it_started(
    name: str, stand_in: MakeStandIn, target: FlashTarget, tmp_path: Path
) -> None:
    tool = stand_in(PROGRAMS[name])
    pid = tmp_path / "pid"
    tool.says((0, "Waiting for a debug probe\n"), then=f"sleep 600 & echo $! >{pid}; wait")
    flasher = get_flasher(name)
    assert isinstance(flasher, ToolFlasher)
    assert flasher.seconds >= 180
    flasher.seconds = 2.0  # a busy computer has to start the tool in that time
    start = time.monotonic()
    with pytest.raises(FlashFailedError, match=r"hadn't ended after 2 s") as caught:
        flasher.flash(tuned(target, name))
    assert time.monotonic() - start < PATIENCE
    assert caught.value.failure is Failure.TIMEOUT
    assert caught.value.details == ("Waiting for a debug probe",)
    child = Path("/proc") / pid.read_text().strip()
    deadline = time.monotonic() + PATIENCE
    while child.exists() and "Z" not in (child / "stat").read_text().split()[2]:
        assert time.monotonic() < deadline


@pytest.mark.parametrize("name", WITH_A_TOOL)
def test_an_unknown_failure_shows_the_last_lines(
    name: str, stand_in: MakeStandIn, target: FlashTarget
) -> None:
    lines = [f"step {letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    stand_in(PROGRAMS[name]).says((42, "\n".join(lines)))
    with pytest.raises(FlashFailedError, match="the tool failed") as caught:
        get_flasher(name).flash(tuned(target, name))
    assert list(caught.value.details) == lines[-20:]
    assert "--flasher" in caught.value.hint


@pytest.mark.parametrize("name", ["openocd", "stflash", "dfu"])
def test_what_helps_now_and_then_is_tried_twice(
    name: str, stand_in: MakeStandIn, target: FlashTarget
) -> None:
    first = TOOLS["openocd"].failures[Failure.VERIFY][-1]
    patterns = {"openocd": first, "stflash": TOOLS["stflash"].failures[Failure.VERIFY][-1]}
    tool = stand_in(TOOLS[name].program)
    if name == "dfu":  # reads back wrong at first
        bad = 'n=$(grep -cx -e -- "$0.calls"); case "$n$*" in 2*--upload*) '
        bad += "printf wrong >build/flash.read.bin;; *--upload*) "
        tool.says((0, ""), then=bad + "cp build/flash.bin build/flash.read.bin;; esac")
    else:
        tool.says(patterns[name], *TOOLS[name].success)
    said = get_flasher(name).flash(tuned(target, name))
    assert said == f"Flashed my_board with {name} and verified it at the second try."
    assert "(a second try: " in (target.build_dir / "flash.log").read_text()


def test_a_bootloader_that_reads_back_wrong_every_time(
    stand_in: MakeStandIn, target: FlashTarget
) -> None:
    """dfu-util compares nothing: we do."""
    tool = stand_in("dfu-util")
    tool.says((0, ""), then='case "$*" in *--upload*) printf x >build/flash.read.bin;; esac')
    with pytest.raises(FlashFailedError) as caught:
        get_flasher("dfu").flash(target)
    assert caught.value.failure is Failure.VERIFY
    assert len(tool.calls) == 4


@pytest.mark.parametrize("name", TOOLS)
def test_what_goes_wrong_most_is_among_the_failures(name: str) -> None:
    """Two probes: test_flash_with. pyocd and stm32flash: tests of their own."""
    nobody = Failure.NO_SERVER if name == "gdb" else Failure.NO_PROBE
    own = {Failure.VERIFY} if name == "dfu" else set()
    assert {nobody, Failure.WRONG_TARGET, Failure.VERIFY} - own <= TOOLS[name].failures.keys()


def test_every_failure_has_a_hint() -> None:
    assert HINTS.keys() == set(Failure)


# Settings


@pytest.mark.parametrize("name", ["openocd", "jlink"])
def test_a_setting_that_is_needed(name: str, stand_in: MakeStandIn, target: FlashTarget) -> None:
    tool = stand_in(TOOLS[name].program)
    (needed,) = TOOLS[name].settings
    with pytest.raises(UsageError, match=f'{name} needs the setting "{needed}"') as caught:
        get_flasher(name).flash(target)
    assert caught.value.hint == (
        f"flashers: [{{name: {name}, {needed}: ...}}] in {target.board.source}"
    )
    assert tool.calls == []


def test_a_setting_that_there_is_not(stand_in: MakeStandIn, target: FlashTarget) -> None:
    stand_in("openocd")
    with pytest.raises(UsageError, match=r'no setting "confg".* Did you mean "config"'):
        get_flasher("openocd").flash(replace(target, settings={"confg": "x"}))


def test_gdb_needs_a_server(stand_in: MakeStandIn, target: FlashTarget) -> None:
    stand_in("gdb-multiarch")
    with pytest.raises(UsageError, match="needs a gdb server"):
        get_flasher("gdb").flash(target)


def test_openocd_takes_several_files(stand_in: MakeStandIn, target: FlashTarget) -> None:
    tool = stand_in("openocd")
    settings = {"config": "interface/stlink.cfg target/stm32f4x.cfg"}
    get_flasher("openocd").flash(replace(target, settings=settings))
    assert tool.calls[0][:4] == ["-f", "interface/stlink.cfg", "-f", "target/stm32f4x.cfg"]


def test_stm32flash_starts_the_bootloader_by_the_lines(
    stand_in: MakeStandIn, target: FlashTarget
) -> None:
    tool = stand_in("stm32flash")
    settings = {"baud": 115200, "entry": "rts,-rts"}
    get_flasher("stm32flash").flash(replace(tuned(target, "stm32flash"), settings=settings))
    assert arguments(tool.calls, target) == [
        "-b 115200 -i rts,-rts -w flash.bin -v -S 0x08000000 -g 0x08000000 /dev/ttyACM0"
    ]


def test_jlink_runs_a_script_that_compares(stand_in: MakeStandIn, target: FlashTarget) -> None:
    tool = stand_in("JLinkExe")
    tool.says(*TOOLS["jlink"].success)
    get_flasher("jlink").flash(tuned(target, "jlink"))
    binary = target.build_dir / "flash.bin"
    assert (target.build_dir / "flash.jlink").read_text() == (
        f'r\nh\nloadbin "{binary}" 0x08000000\nverifybin "{binary}" 0x08000000\nr\ng\nqc\n'
    )


@pytest.mark.parametrize(
    ("runner", "expected"),
    [
        ("openocd", ["--verify", "--cmd-pre-init", "adapter serial 0671FF"]),
        ("jlink", ["--dev-id", "0671FF"]),
        (None, ["--dev-id", "0671FF"]),
    ],
)
def test_west_passes_the_serial_number_as_the_boards_own_runner_takes_it(
    runner: str | None, expected: list[str], stand_in: MakeStandIn, target: FlashTarget
) -> None:
    tool = stand_in("west")
    if runner is not None:
        (target.build_dir / "zephyr").mkdir()
        runners = target.build_dir / "zephyr" / "runners.yaml"
        runners.write_text(f"runners:\n- openocd\n- jlink\nflash-runner: {runner}\n")
    get_flasher("west").flash(replace(target, serial_number="0671FF"))
    start = ["flash", "--build-dir", str(target.build_dir), "--skip-rebuild"]
    assert tool.calls == [start + expected]


def test_a_west_command_of_ones_own_runs_in_the_given_environment(
    stand_in: MakeStandIn, target: FlashTarget
) -> None:
    stand_in("west").says((1, "not this one"))
    mine = stand_in("my-west")
    mine.says((0, ""), then='echo "$ZEPHYR_BASE $PWD"')
    target = replace(
        target, settings={"west": "my-west -v"}, environment={"ZEPHYR_BASE": "/some/zephyr"}
    )
    heard: list[str] = []
    get_flasher("west").flash(target, progress=heard.append)
    assert mine.calls[0][:2] == ["-v", "flash"]
    assert heard == [f"/some/zephyr {target.directory}"]


def test_the_binary_is_the_image(stand_in: MakeStandIn, target: FlashTarget) -> None:
    stand_in("st-flash").says(*TOOLS["stflash"].success)
    get_flasher("stflash").flash(target)
    image = flash_image(target.firmware)
    assert (target.build_dir / "flash.bin").read_bytes() == image.data


def test_what_every_run_of_jlink_and_st_flash_says_is_no_failure() -> None:
    """Seen in logs of runs that went well; taken for a failure it would hide the real one."""
    for name, line in (
        ("jlink", "J-Link connection not established yet but required for command."),
        ("jlink", "Target connection not established yet but required for command."),
        ("stflash", "2021-03-22T18:26:14 WARN usb.c: NRST is not connected"),
    ):
        flasher = get_flasher(name)
        assert isinstance(flasher, ToolFlasher)
        assert classify([line], flasher.patterns).failure is Failure.OTHER
