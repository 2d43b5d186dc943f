"""The root command, and the one place where exceptions become messages and exit codes."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence

import click

from microtvm_boards import __version__
from microtvm_boards.cli.exit_codes import EXIT_CODES, INTERNAL, INTERRUPTED, OK, OUTPUT_CLOSED
from microtvm_boards.cli.lazy import LazyCommand, LazyGroup
from microtvm_boards.cli.output import Output, json_option, stderr_is_terminal, verbose_option
from microtvm_boards.errors import MicroTvmBoardsError, UsageError

PROGRAM = "microtvm-boards"
_IN = "microtvm_boards.cli.commands"
_COMPLETION = "_MICROTVM_BOARDS_COMPLETE"  # set by a shell that asks for completions

COMMANDS = {
    "compile": LazyCommand(
        f"{_IN}.compile:compile_",
        "Compile a model with TVM in several ways and keep the best.",
    ),
    "tune": LazyCommand(
        f"{_IN}.tune:tune", "Look for a model's quickest kernels, measured on the board."
    ),
    "create": LazyCommand(f"{_IN}.create:create", "Make a project from a model for a board."),
    "build": LazyCommand(f"{_IN}.build:build", "Compile and link a project."),
    "flash": LazyCommand(f"{_IN}.flash:flash", "Bring the firmware onto the board."),
    "run": LazyCommand(f"{_IN}.run:run", "Run the model on the board and print its outputs."),
    "monitor": LazyCommand(f"{_IN}.monitor:monitor", "Print what the device says."),
    "size": LazyCommand(f"{_IN}.size:size", "Show what takes the memory."),
    "profile": LazyCommand(
        f"{_IN}.profile:profile", "Measure what each operator of the model costs."
    ),
    "validate": LazyCommand(
        f"{_IN}.validate:validate",
        "Compare the board's outputs with those of the same model.",
    ),
    "boards": LazyCommand(
        f"{_IN}.boards:boards",
        "List the known boards, show one, or detect what is plugged in.",
    ),
    "doctor": LazyCommand(f"{_IN}.doctor:doctor", "Look at tools, trees, ports and boards."),
    "template-dir": LazyCommand(
        f"{_IN}.for_tvm:template_dir", "Print the directory for tvmc's --template-dir."
    ),
    "rpc-server": LazyCommand(f"{_IN}.for_tvm:rpc_server", "Serve a board to TVM's RPC tracker."),
    "tvmc": LazyCommand(f"{_IN}.for_tvm:tvmc", "Run TVM's tvmc with micro targets."),
}

_EPILOG = "\b\nExit codes:\n" + "\n".join(
    f"  {code:<4} {meaning}" for code, meaning in EXIT_CODES.items()
)


@click.group(
    PROGRAM,
    cls=LazyGroup,
    lazy=COMMANDS,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name=PROGRAM)
@json_option
@verbose_option
def root() -> None:
    """From a TVM Model Library Format tar to a board that answers with the model's outputs."""


def run(args: Sequence[str]) -> int:
    """Runs the command line `args` (without the program's name) and returns the exit code.

    Prints every failure, and raises only SystemExit (a signal, or shell completion).
    """
    # Also looked for here, so that an error in the arguments themselves comes as JSON.
    output = Output(as_json="--json" in args)
    try:
        code = _run(list(args) or ["--help"], output)
        _flush()
    except BrokenPipeError:
        # Python flushes stdout once more at exit; that must not fail again.
        if sys.stdout is not None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OUTPUT_CLOSED
    return code


def _run(args: list[str], output: Output) -> int:
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is no reason to fail.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if _COMPLETION in os.environ:
        root.main(args, prog_name=PROGRAM)  # raises SystemExit
    try:
        # Not root.main, which handles a closed pipe in a way of its own.
        with root.make_context(PROGRAM, args, obj=output) as context:
            root.invoke(context)
        return OK
    except click.exceptions.Exit as done:
        return done.exit_code
    except KeyboardInterrupt as error:
        if stderr_is_terminal():
            click.echo(err=True)  # the terminal has printed ^C
        _report(output, MicroTvmBoardsError("Interrupted."), error)
        return INTERRUPTED
    except click.ClickException as error:
        _report(output, _from_click(error), error)
        return error.exit_code
    except MicroTvmBoardsError as error:
        _report(output, error, error)
        return error.exit_code
    except BrokenPipeError:
        raise
    except OSError as error:
        _report(output, MicroTvmBoardsError(f"The system refused: {error}."), error)
        return INTERNAL
    except Exception as error:
        _report(output, _internal(error), error)
        return INTERNAL


def _report(output: Output, message: MicroTvmBoardsError, error: BaseException) -> None:
    if output.verbose >= 2:
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    output.error(message)


def _from_click(error: click.ClickException) -> UsageError:
    context = error.ctx if isinstance(error, click.UsageError) else None
    return UsageError(
        error.format_message(), hint=f"{context.command_path if context else PROGRAM} --help"
    )


def _internal(error: Exception) -> MicroTvmBoardsError:
    name = type(error).__name__
    return MicroTvmBoardsError(
        f"This is a mistake in {PROGRAM} {__version__}, not yours: {name}: {error}",
        hint="the same command with -vv for the traceback, and report it with that "
        f"to the issue tracker of {PROGRAM}",
    )


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def end_cleanly_on_signals() -> None:
    """A kill or a closed terminal unwinds as Ctrl-C does, so that no child process stays."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup wants it ignored
            signal.signal(number, end)
