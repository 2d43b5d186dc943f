"""Where results, progress and notes go: text for people, or one JSON document for programs.

Results go to stdout; progress, notes and errors to stderr. With --json an error is a result too.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import ProgressColumn, TaskID

    from microtvm_boards.errors import MicroTvmBoardsError

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Output:
    """What one call of the program prints. The options --json and --verbose set its fields."""

    as_json: bool = False
    verbose: int = 0

    def text(self, text: str) -> None:
        """One or more lines of a result for people."""
        if not self.as_json and text:
            click.echo(text)

    def document(self, document: dict[str, Any]) -> None:
        """The result for programs; exactly one a call."""
        if self.as_json:
            click.echo(json.dumps(document, indent=2, allow_nan=False))

    def error(self, error: MicroTvmBoardsError) -> None:
        if self.as_json:
            self.document(
                {
                    "error": {
                        "cause": error.cause,
                        "hint": error.hint,
                        "details": list(error.details),
                        "log": None if error.log is None else str(error.log),
                    }
                }
            )
        else:
            click.echo(f"Error: {error}", err=True)

    @contextmanager
    def work(self, title: str, total: int | None = None) -> Iterator[Work]:
        """Long work: a spinner or bar on a terminal, every line with -v, otherwise silence."""
        if self.verbose or self.as_json or not stderr_is_terminal():
            yield Work(echo=bool(self.verbose))
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns: list[ProgressColumn] = [
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
        ]
        if total is not None:
            columns += [BarColumn(), TextColumn("{task.completed}/{task.total}")]
        columns += [TimeElapsedColumn(), TextColumn("{task.fields[line]}", markup=False)]
        # A descriptor of its own: sys.stderr's is turned away while TVM's libraries log to it.
        with (
            os.fdopen(os.dup(sys.stderr.fileno()), "w", errors="backslashreplace") as terminal,
            Progress(*columns, console=Console(file=terminal), transient=True) as bar,
        ):
            yield Work(bar=bar, task=bar.add_task(title, total=total, line=""))


class Work:
    """Progress of one piece of work: lines that its tool prints, steps that are done."""

    def __init__(
        self,
        *,
        echo: bool = False,
        bar: RichProgress | None = None,
        task: TaskID | None = None,
    ) -> None:
        self._echo = echo
        self._bar = bar
        self._task = task
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def line(self, line: str) -> None:
        if self._echo:
            click.echo(line.rstrip("\n"), err=True)
        else:
            self.status(line.strip())

    def status(self, text: str) -> None:
        """What goes on right now: on a terminal only."""
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, line=text)

    def step(self) -> None:
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task)


def stderr_is_terminal() -> bool:
    """False when stderr is closed, too."""
    return sys.stderr is not None and sys.stderr.isatty()


def standard(command: Callable[Concatenate[Output, P], R]) -> Callable[P, R]:
    """Gives a command the options that all have, and the Output as its first argument."""
    return json_option(verbose_option(click.pass_obj(command)))


def _set_json(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    ctx.ensure_object(Output).as_json |= value


def _add_verbose(ctx: click.Context, _param: click.Parameter, value: int) -> None:
    ctx.ensure_object(Output).verbose += value


json_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    callback=_set_json,
    help="Print one JSON document, for errors too.",
)
verbose_option = click.option(
    "-v",
    "--verbose",
    count=True,
    expose_value=False,
    callback=_add_verbose,
    help="Print every line of every tool; -vv adds the traceback of an error.",
)
