"""From a trained model to the best Model Library Format tar for a board: tried, checked, chosen."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from microtvm_boards.boards import Board, find_board
from microtvm_boards.compile import cost
from microtvm_boards.compile.attempts import Attempts, Job, Progress, stack_bytes
from microtvm_boards.compile.candidates import Candidate, Minimize, choose
from microtvm_boards.compile.checking import counts_instructions, needed_tools
from microtvm_boards.compile.compiler import compiler_named
from microtvm_boards.compile.samples import edge_samples
from microtvm_boards.errors import UsageError
from microtvm_boards.platforms import tools
from microtvm_boards.project import parse_options


@dataclass(frozen=True)
class Wanted:
    """minimize: what the best candidate has least of. entrypoint: c: C interface; packed: packed
    interface and a system library, for RPC. name: the model's in C. tuning: what tuners wrote, as
    the compiler takes it; the ways that one is good for are tried with it, too."""

    minimize: Minimize = Minimize.RAM
    entrypoint: str = "c"
    name: str = "default"
    tuning: Sequence[Path] = ()


@dataclass(frozen=True)
class Compiled:
    """`candidates` in the order in which they were tried; `chosen` is one of them."""

    output: Path
    board: Board
    candidates: tuple[Candidate, ...]
    chosen: Candidate
    stack_bytes: int  # the stack_size_bytes that a project of it needs
    notes: tuple[str, ...]  # what couldn't be measured or tried, and why


def compile_for_board(
    model: Any,
    board_name: str,
    output: Path,
    wanted: Wanted = Wanted(),
    *,
    compiler: str = "relay",
    progress: Progress | None = None,
) -> Compiled:
    """Compiles `model` in the ways that matter and writes the best to `output`.

    `model`: a file, or what else the compiler reads. Only a candidate whose outputs equal the
    reference's on every sample may win: random inputs, all minimum, all maximum, zeros. The
    reference is the unchanged model, run by the compiler on this computer. The same call gives the
    same bytes.

    Raises UsageError, ModelError, BoardError; ToolNotFoundError without the compiler, or when
    nothing here can run a candidate; ProjectError when none fits the board.
    """
    say: Progress = progress or (lambda line: None)
    if not re.fullmatch(r"[A-Za-z]\w*", wanted.name, re.ASCII):
        raise UsageError(f'"{wanted.name}" is no name for C code: letters, digits and "_".')
    if not output.absolute().parent.is_dir():
        raise UsageError(f"There is no directory {output.absolute().parent} for {output.name}.")
    options = {"board": board_name, "model_entrypoint_api": wanted.entrypoint}
    parse_options(options, "generate_project")
    board = find_board(board_name)
    if wanted.minimize is Minimize.INSTRUCTIONS:
        _require_counting(board)
    chosen_compiler = compiler_named(compiler)
    say("reading the model")
    read = chosen_compiler.read(model, wanted.tuning)
    samples = edge_samples(read.inputs)
    say("compiling the reference")
    expected = read.reference([sample.arrays for sample in samples])
    job = Job(
        compiler=chosen_compiler,
        model=read,
        samples=samples,
        expected=expected,
        board_name=board_name,
        board=board,
        entrypoint=wanted.entrypoint,
        name=wanted.name,
    )
    todo = read.recipes(board)
    with tempfile.TemporaryDirectory(prefix="microtvm-boards-") as scratch:
        attempts = Attempts(job, Path(scratch), say)
        for number, recipe in enumerate(todo, 1):
            attempts.attempt(recipe, f"{number} of {len(todo)}, {recipe.name}")
        chosen = choose(attempts.tried, wanted.minimize)
        if chosen is None or chosen.mlf is None:
            raise attempts.nothing_won()
        _write(chosen.mlf, output)
    stack = stack_bytes(chosen.frame_bytes)
    notes = (*_notes(board), *read.notes(board))
    return Compiled(output, board, tuple(attempts.tried), chosen, stack, notes)


def _require_counting(board: Board) -> None:
    if not counts_instructions(board):
        raise UsageError(
            f"Instructions can't be counted on board {board.name}: it has no emulator whose time "
            "follows instructions.",
            hint="--minimize ram or flash, or an emulated board with the same core "
            "(microtvm-boards boards list)",
        )
    tools.require(needed_tools(board))


def _notes(board: Board) -> tuple[str, ...]:
    if cost.can_measure(board):
        return ()
    gcc = tools.ARM_GCC.programs[0]
    is_arm = board.cpu.name.startswith("cortex-m")
    why = f"{gcc} is not on the PATH" if is_arm else f"{gcc} doesn't compile for {board.name}"
    return (f"{why}: flash counts constants alone, and stack frames are unknown.",)


def _write(mlf: Path, output: Path) -> None:
    """Whole or not at all."""
    partial = output.with_name(f"{output.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(mlf, partial)
        partial.replace(output)
    except OSError as error:
        raise UsageError(f"{output} can't be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)
