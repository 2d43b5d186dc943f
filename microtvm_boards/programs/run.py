"""Runs a program: its output goes to a log line by line, and it ends when we end."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from microtvm_boards.errors import ToolNotFoundError

_GRACE_SECONDS = 5.0


class ProgramTimeoutError(Exception):
    """The program took longer than `seconds` and was ended; `lines` it had printed."""

    def __init__(self, seconds: float, lines: Sequence[str]) -> None:
        super().__init__()
        self.seconds = seconds
        self.lines = list(lines)


def run_logged(
    command: Sequence[str],
    *,
    cwd: Path,
    log: TextIO,
    progress: Callable[[str], None] | None,
    environment: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> tuple[int, list[str]]:
    """Runs `command` and returns its exit status and the lines it printed, errors among them.

    `environment`: variables in addition to ours. Whatever interrupts the wait (Ctrl-C, a signal
    handler that raises, `progress` that raises) ends the command and all that it started before it
    goes on.
    Raises ToolNotFoundError when the program can't be started, ProgramTimeoutError when it hasn't
    ended after `timeout` seconds.
    """
    log.write(f"$ {shlex.join(command)}\n")
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=_environment(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            # A group of its own: a terminal's Ctrl-C reaches us alone, and we end all of it.
            start_new_session=True,
        )
    except OSError as error:
        raise ToolNotFoundError(f"{command[0]} can't be started: {error.strerror}.") from error
    lines: list[str] = []
    late = threading.Event()
    timer = _end_later(process, timeout, late)
    try:
        if process.stdout is not None:
            for line in process.stdout:
                log.write(line)
                lines.append(line.rstrip("\n"))
                if progress is not None:
                    progress(lines[-1])
        status = process.wait()
    except BaseException:
        _end(process)
        raise
    finally:
        if timer is not None:
            timer.cancel()
            timer.join()
        if process.stdout is not None:
            process.stdout.close()
    if late.is_set() and timeout is not None:
        log.write(f"(ended after {timeout:g} s)\n")
        raise ProgramTimeoutError(timeout, lines)
    return status, lines


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    """Ours, with messages in English and without colours, so that they can be read here."""
    environment = {k: v for k, v in os.environ.items() if k not in ("CLICOLOR_FORCE", "LANGUAGE")}
    return {**environment, "LC_ALL": "C", **more}


def _end_later(
    process: subprocess.Popen[str], timeout: float | None, late: threading.Event
) -> threading.Timer | None:
    """Ends the group when time is up: then the reader meets the end of the pipe."""
    if timeout is None:
        return None

    def end() -> None:
        late.set()
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
        _signal_group(process, signal.SIGKILL)  # what it started and left behind, too

    timer = threading.Timer(timeout, end)
    timer.daemon = True
    timer.start()
    return timer


def _signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _end(process: subprocess.Popen[str]) -> None:
    """Ends the group. Every process in it holds the pipe, so its end of file is theirs.

    Ninja puts compilers into groups of their own and ends them itself on SIGTERM.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal_group(process, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GRACE_SECONDS)
            return
