"""What the flashers share that run a command-line tool."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from microtvm_boards.errors import FlashError
from microtvm_boards.flashers.base import Flasher, FlashTarget, Progress
from microtvm_boards.flashers.failures import (
    HINTS,
    WORTH_A_RETRY,
    Failure,
    FlashFailedError,
    Pattern,
    classify,
    failed,
    last_lines,
)
from microtvm_boards.flashers.image import write_binary
from microtvm_boards.programs import ProgramTimeoutError, Tool, find, require, run_logged

LOG = "flash.log"


class ToolFlasher(Flasher):
    """Runs `commands` one after the other, all output into build/flash.log; see `flash`."""

    tool: Tool
    required: Sequence[str] = ()  # settings
    takes_binary = False  # instead of an ELF: target.binary
    patterns: Sequence[Pattern] = ()  # what its output means, the most telling first
    seconds = 180.0  # after which a command hangs

    @abstractmethod
    def commands(self, target: FlashTarget, program: str) -> list[list[str]]:
        """The command lines. `program`: path of the tool."""

    def tool_for(self, target: FlashTarget) -> Tool:
        """What has to be installed."""
        return self.tool

    def judge(self, target: FlashTarget, lines: Sequence[str], *, last: bool) -> Failure | None:
        """What is wrong although a command ended with status 0; not every status can be trusted.

        `lines`: of all commands so far; `last`: after the last command. OTHER: see `patterns`.
        """
        return None

    def explain(self, lines: Sequence[str]) -> Pattern:
        """What the output of commands that failed means."""
        return classify(lines, self.patterns)

    def prepare(self, target: FlashTarget) -> None:
        """Makes files that the commands need, before each try. Raises FlashError."""

    def flash(self, target: FlashTarget, *, progress: Progress | None = None) -> str:
        """Runs the commands and retries once where that can help; leaves all output in the log."""
        self.check_settings(target, self.required)
        tool = self.tool_for(target)
        require([tool])
        program = str(find(tool))
        if self.takes_binary:
            image = write_binary(target.firmware, target.binary)
            target = replace(target, image=image)
        path = target.build_dir / LOG
        try:
            with path.open("w", encoding="utf-8", buffering=1) as log:
                try:
                    self._run(target, program, log, path, progress)
                    again = ""
                except FlashFailedError as error:
                    if error.failure not in WORTH_A_RETRY:
                        raise
                    log.write(f"(a second try: {error.cause})\n")
                    self._try_again(target, program, log, path, progress, error)
                    again = " at the second try"
        except OSError as error:
            raise FlashError(f"{path} can't be written: {error.strerror}.") from error
        return f"Flashed {target.board.name} with {self.name} and verified it{again}."

    def _try_again(
        self,
        target: FlashTarget,
        program: str,
        log: TextIO,
        path: Path,
        progress: Progress | None,
        first: FlashFailedError,
    ) -> None:
        """Raises `first` when it fails too: what comes of a failure says less than the failure."""
        try:
            self._run(target, program, log, path, progress)
        except FlashFailedError as second:
            raise first from second

    def _run(
        self,
        target: FlashTarget,
        program: str,
        log: TextIO,
        path: Path,
        progress: Progress | None,
    ) -> None:
        lines: list[str] = []
        self.prepare(target)
        commands = self.commands(target, program)
        for number, command in enumerate(commands, 1):
            try:
                status, printed = run_logged(
                    command,
                    cwd=target.directory,
                    log=log,
                    progress=progress,
                    environment=target.environment,
                    timeout=self.seconds,
                )
            except ProgramTimeoutError as error:
                raise self._timed_out(error, path) from error
            lines += printed
            failure = self.judge(target, lines, last=number == len(commands))
            if failure is None and status != 0:
                failure = Failure.OTHER
            if failure is Failure.OTHER:
                raise failed(self.name, self.explain(lines), lines, path)
            if failure is not None:
                raise failed(self.name, Pattern("", failure), lines, path)

    def _timed_out(self, error: ProgramTimeoutError, path: Path) -> FlashFailedError:
        return FlashFailedError(
            f"{self.name} could not flash the board: it hadn't ended after {error.seconds:g} s.",
            Failure.TIMEOUT,
            hint=HINTS[Failure.TIMEOUT],
            details=last_lines(error.lines),
            log=path,
        )
