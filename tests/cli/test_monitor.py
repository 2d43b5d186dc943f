"""monitor, Ctrl-C and kill: nothing is lost while it runs, nothing is left when it ends."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from microtvm_boards.cli.exit_codes import INTERRUPTED, OUTPUT_CLOSED
from tests.cli.conftest import PROGRAM, SAMPLES, firmware_that_says

pytestmark = pytest.mark.tools

pty = pytest.importorskip("pty")

SECONDS = 30.0


@contextmanager
def running(
    *args: str | Path, env: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*PROGRAM, *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def say(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.flush()


def descendants(pid: int) -> list[int]:
    """The processes that `pid` started and those that they did, from /proc."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text().split()):
            found += [child, *descendants(child)]
    return found


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_the_device_says_comes_at_once_and_lines_go_to_it(host: Path) -> None:
    with running("monitor", host) as monitor:
        assert line(monitor) == "mtvm 1 models=1 samples=0"
        say(monitor, "i\n")
        assert line(monitor).startswith("tensor 0 in 0 zeta int8")


def test_the_end_of_piped_lines_does_not_cut_off_the_answers(baked: Path) -> None:
    with running("monitor", baked) as monitor:
        for _ in range(SAMPLES + 2):  # greeting, results, done
            line(monitor)
        assert monitor.stdin is not None
        say(monitor, "s\n")
        monitor.stdin.close()
        assert line(monitor).startswith("result 0 0 MTVM_OK")


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, INTERRUPTED), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
)
def test_ending_monitor_ends_the_firmware(number: signal.Signals, code: int, host: Path) -> None:
    with running("monitor", host) as monitor:
        line(monitor)
        started = descendants(monitor.pid)
        assert started
        monitor.send_signal(number)
        assert monitor.wait(SECONDS) == code
        assert not any(map(alive, started))
        assert monitor.stderr is not None and monitor.stderr.read() == ""


def test_under_nohup_a_hangup_is_ignored(host: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # children inherit that
    try:
        with running("monitor", host) as monitor:
            line(monitor)
            monitor.send_signal(signal.SIGHUP)
            say(monitor, "i\n")
            assert line(monitor).startswith("tensor 0")
    finally:
        signal.signal(signal.SIGHUP, before)


def test_ctrl_c_with_json_gives_what_was_said(host: Path, tmp_path: Path) -> None:
    said = tmp_path / "said"  # exists when more was said than a pipe holds, so when some was heard
    script = f"echo first; seq 100000; touch '{said}'; exec sleep 60"
    project = firmware_that_says(host, tmp_path / "p", script)
    with running("monitor", project, "--json") as monitor:
        wait_until(said.is_file)
        monitor.send_signal(signal.SIGINT)
        out, _ = monitor.communicate(timeout=SECONDS)
    assert monitor.returncode == INTERRUPTED
    document = json.loads(out)
    assert document["ended"] == "Ctrl-C"
    assert document["lines"][:2] == ["first", "1"]


def test_a_reader_that_goes_away_ends_monitor_though_the_device_is_silent(host: Path) -> None:
    with running("monitor", host) as monitor:
        line(monitor)
        assert monitor.stdout is not None
        monitor.stdout.close()
        assert monitor.wait(SECONDS) == OUTPUT_CLOSED


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_monitor_without_a_stdout_ends_quietly(host: Path, arguments: list[str]) -> None:
    command = shlex.join([*PROGRAM, "monitor", str(host), *arguments])
    done = subprocess.run(
        ["sh", "-c", f"exec {command} >&-"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stderr) == (OUTPUT_CLOSED, b"")


def test_ctrl_d_on_a_terminal_ends_monitor(host: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*PROGRAM, "monitor", str(host)], stdin=theirs, stdout=subprocess.PIPE, text=True
    ) as monitor:
        os.close(theirs)
        line(monitor)
        os.write(ours, b"\x04")
        assert monitor.wait(SECONDS) == 0
    os.close(ours)


def test_ctrl_c_during_a_build_ends_the_compiler(
    create_and_build: Callable[..., Path], tmp_path: Path
) -> None:
    project = create_and_build("foo_c", "--board", "host")
    (project / "src" / "app" / "c_harness.c").touch()
    started = tmp_path / "started"
    # CMake wrote the compiler's path into the build: a launcher in its environment would come too
    # late, so the build starts afresh, with a compiler that never ends.
    (project / "build" / "CMakeCache.txt").unlink()
    slow = tmp_path / "cc"
    slow.write_text(f'#!/bin/sh\necho $$ > "{started}"\nexec sleep 60\n')
    slow.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    with running("build", project, env={"PATH": path}) as build:
        wait_until(lambda: started.is_file() and started.read_text().endswith("\n"))
        family = descendants(build.pid)
        assert int(started.read_text()) in family
        build.send_signal(signal.SIGINT)
        assert build.wait(SECONDS) == INTERRUPTED
        assert not any(map(alive, family))
        assert build.stderr is not None
        assert build.stderr.read() == "Error: Interrupted.\n"


def test_a_terminal_sees_progress_and_stdout_stays_plain(host: Path, inputs: Path) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [*PROGRAM, "run", str(host), "--inputs", str(inputs)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=SECONDS,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    seen = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "Running foo on host" in seen
    assert f"{SAMPLES}/{SAMPLES}" in seen
    assert b"\x1b" not in done.stdout
