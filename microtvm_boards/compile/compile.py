"""From a trained model to the best Model Library Format tar for a board: tried, checked, chosen."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from microtvm_boards.boards import Board, find_board
from microtvm_boards.compile import footprint
from microtvm_boards.compile.attempts import Attempts, Job, Progress, stack_bytes
from microtvm_boards.compile.candidates import Candidate, Minimize, choose
from microtvm_boards.compile.checking import counts_instructions, needed_tools
from microtvm_boards.compile.recipes import Recipe, knows_cpu, recipes
from microtvm_boards.errors import MicroTvmBoardsError, ModelError, UsageError
from microtvm_boards.platforms import tools
from microtvm_boards.project import parse_options
from microtvm_boards.relay.importers import import_model
from microtvm_boards.relay.inputs import edge_samples, model_inputs
from microtvm_boards.relay.passes import infer_types, operators
from microtvm_boards.relay.reference import Inputs, Outputs, compile_reference
from microtvm_boards.relay.setup.enable import enable_micro
from microtvm_boards.relay.setup.quiet import captured_stderr
from microtvm_boards.relay.tuning.tuned import Tuning, read_tuning


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
    model: Path | tuple[Any, Mapping[str, Any]],
    board_name: str,
    output: Path,
    *,
    minimize: Minimize = Minimize.RAM,
    entrypoint: str = "c",
    name: str = "default",
    tuning: Sequence[Path] = (),
    progress: Progress | None = None,
) -> Compiled:
    """Compiles `model` in the ways that matter and writes the best to `output`.

    `model`: a .tflite or .onnx file, or relay: an IRModule and its parameters by name.
    Only a candidate whose outputs equal the reference's on every sample may win: random inputs, all
    minimum, all maximum, zeros. The reference is TVM's own build of the unchanged model for this
    computer. `entrypoint` c: C interface; packed: packed interface and a system library, for RPC.
    `tuning`: logs of `tune`, or what TVM's own tuners write (see tuned.py); the ways that one is
    good for are tried with it, too. The same call gives the same bytes.

    Raises UsageError, ModelError, BoardError; ToolNotFoundError without TVM, or when nothing here
    can run a candidate; ProjectError when none fits the board.
    """
    say: Progress = progress or (lambda line: None)
    if not re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII):
        raise UsageError(f'"{name}" is no name for C code: letters, digits and "_".')
    if not output.absolute().parent.is_dir():
        raise UsageError(f"There is no directory {output.absolute().parent} for {output.name}.")
    options = {"board": board_name, "model_entrypoint_api": entrypoint}
    parse_options(options, "generate_project")
    board = find_board(board_name)
    if minimize is Minimize.INSTRUCTIONS:
        _require_counting(board)
    tunings = [read_tuning(path) for path in tuning]
    say("reading the model")
    with captured_stderr():
        mod, params = import_model(model) if isinstance(model, Path) else model
        enable_micro()
        mod = infer_types(mod)
    samples = edge_samples(model_inputs(mod, params))
    say("compiling the reference")
    expected = _reference(mod, params, [sample.arrays for sample in samples])
    job = Job(mod, params, samples, expected, board_name, board, entrypoint, name)
    todo = recipes(board.cpu.name, operators(mod))
    todo += tuple(own for one in tunings for own in tuned_recipes(todo, one, board))
    with tempfile.TemporaryDirectory(prefix="microtvm-boards-") as scratch:
        attempts = Attempts(job, Path(scratch), say)
        for number, recipe in enumerate(todo, 1):
            attempts.attempt(recipe, f"{number} of {len(todo)}, {recipe.name}")
        chosen = choose(attempts.tried, minimize)
        if chosen is None or chosen.mlf is None:
            raise attempts.nothing_won()
        _write(chosen.mlf, output)
    stack = stack_bytes(chosen.frame_bytes)
    notes = (*_notes(board), *_tuning_notes(model, tunings))
    return Compiled(output, board, tuple(attempts.tried), chosen, stack, notes)


def _reference(mod: Any, params: Mapping[str, Any], rows: list[Inputs]) -> list[Outputs]:
    try:
        with captured_stderr():
            run = compile_reference(mod, params)
            return [run(row) for row in rows]
    except MicroTvmBoardsError:
        raise
    except Exception as error:  # TVM raises whatever comes
        raise ModelError(
            f"TVM can't compile the model for this computer: {type(error).__name__}.",
            details=str(error).splitlines()[-5:],
        ) from error


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
    notes = []
    if not footprint.can_measure(board):
        gcc = tools.ARM_GCC.programs[0]
        is_arm = board.cpu.name.startswith("cortex-m")
        why = f"{gcc} is not on the PATH" if is_arm else f"{gcc} doesn't compile for {board.name}"
        notes.append(f"{why}: flash counts constants alone, and stack frames are unknown.")
    if board.cpu.name and not knows_cpu(board.cpu.name):
        notes.append(f"TVM has no -mcpu for {board.cpu.name}: c keys alone were tried.")
    return tuple(notes)


def tuned_recipes(found: tuple[Recipe, ...], tuning: Tuning, board: Board) -> tuple[Recipe, ...]:
    """Those of `found` that `tuning` is good for, with it.

    Raises UsageError when there are none.
    """
    tuned = tuple(
        replace(recipe, name=f"{recipe.name}, tuned by {tuning.path.name}", tuning=tuning)
        for recipe in found
        if tuning.applies_to(recipe)
    )
    if not tuned:
        name = tuning.recipe.name if tuning.recipe else ""
        raise UsageError(
            f"{tuning.path} is for {name}, which isn't tried for the board {board.name}.",
            hint=f"microtvm-boards tune ... --board {board.name}",
        )
    return tuned


def _tuning_notes(model: Any, tunings: Sequence[Tuning]) -> list[str]:
    if not isinstance(model, Path):
        return []
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    return [
        f"{tuning.path} is of another model: it helps operators that are the same."
        for tuning in tunings
        if tuning.model_sha256 not in ("", digest)
    ]


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
