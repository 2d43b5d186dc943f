"""Runs a build tool: its output goes to a log line by line, and it ends when we end."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from microtvm_boards.errors import ToolNotFoundError
from microtvm_boards.platforms.base import Progress

_GRACE_SECONDS = 5.0


def run_logged(
    command: Sequence[str], *, cwd: Path, log: TextIO, progress: Progress | None
) -> tuple[int, list[str]]:
    """Runs `command` and returns its exit status and the lines it printed, errors among them.

    Whatever interrupts the wait (Ctrl-C, a signal handler that raises, `progress` that raises) ends
    the command and all that it started before it goes on.
    Raises ToolNotFoundError when the program can't be started.
    """
    log.write(f"$ {shlex.join(command)}\n")
    # Messages in English and without colours, so that they can be read here.
    environment = {k: v for k, v in os.environ.items() if k not in ("CLICOLOR_FORCE", "LANGUAGE")}
    environment["LC_ALL"] = "C"
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
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
        if process.stdout is not None:
            process.stdout.close()
    return status, lines


def _end(process: subprocess.Popen[str]) -> None:
    """Ends the group. Every process in it holds the pipe, so its end of file is theirs.

    Ninja puts compilers into groups of their own and ends them itself on SIGTERM.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GRACE_SECONDS)
            return
