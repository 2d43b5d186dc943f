"""microtvm-boards compile"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from microtvm_boards.cli.output import Output, standard
from microtvm_boards.cli.show.tables import Row, table

if TYPE_CHECKING:
    from microtvm_boards.compile.candidates import Candidate
    from microtvm_boards.compile.compile import Compiled

_SIZES = ("Workspace", "Constants", "Flash", "Frame", "Instructions")
_WORDS = {"wrong": "WRONG", "unchecked": "not checked", "failed": "not built"}


@click.command("compile")
@click.argument("model", metavar="MODEL.{tflite,onnx}", type=click.Path(path_type=Path))
@click.option("--board", required=True, metavar="TEXT", help="Name of the board, or its file.")
@click.option(
    "-o",
    "--output",
    "tar",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="MODEL.tar",
    help="Where to write the Model Library Format tar.",
)
@click.option(
    "--minimize",
    type=click.Choice(["ram", "flash", "instructions"]),
    default="ram",
    show_default=True,
    help="What the best candidate has least of; instructions on emulated boards.",
)
@click.option(
    "--entrypoint",
    type=click.Choice(["c", "packed"]),
    default="c",
    show_default=True,
    help="The projects that it is for: C code calls the model, or Python over RPC.",
)
@click.option(
    "--tuning",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="TUNED.log",
    help="What microtvm-boards tune found, or TVM's own tuners: a log of AutoTVM, the directory of "
    "a MetaSchedule database. Once for each of several.",
)
@click.option("--name", default="default", show_default=True, help="Name of the model in C.")
@standard
def compile_(
    output: Output,
    /,
    model: Path,
    board: str,
    tar: Path,
    minimize: str,
    entrypoint: str,
    tuning: tuple[Path, ...],
    name: str,
) -> None:
    """Compile a model with TVM in several ways and keep the best that is right.

    Every candidate is built as firmware, and its outputs are compared with those of TVM's own build
    for this computer before it may win.
    """
    from microtvm_boards.compile.candidates import Minimize
    from microtvm_boards.compile.compile import Wanted, compile_for_board

    with output.work(f"Compiling {model.name} for {board}") as work:
        wanted = Wanted(Minimize(minimize), entrypoint, name, tuning)
        compiled = compile_for_board(model, board, tar, wanted, progress=work.line)
        seconds = work.seconds
    output.text(f"Wrote {tar}: {compiled.chosen.recipe.name}, the least {minimize} that is right")
    output.text(_table(compiled))
    for note in compiled.notes:
        output.text(f"Note: {note}")
    hint = _create(compiled, entrypoint, board, minimize)
    output.text(f"Next: {hint}")
    output.document(
        {
            "output": str(tar),
            "board": compiled.board.name,
            "entrypoint": entrypoint,
            "minimize": minimize,
            "chosen": compiled.chosen.recipe.name,
            "stack_size_bytes": compiled.stack_bytes,
            "seconds": round(seconds, 3),
            "notes": list(compiled.notes),
            "next": hint,
            "candidates": [_json(c, compiled.chosen) for c in compiled.candidates],
        }
    )


def _table(compiled: Compiled) -> str:
    rows: list[Row] = [
        (
            ("* " if candidate is compiled.chosen else "  ") + candidate.recipe.name,
            *(_number(size) for size in _sizes(candidate)),
            _WORDS.get(candidate.verdict.value, candidate.verdict.value),
            candidate.note,
        )
        for candidate in compiled.candidates
    ]
    return table(("  Candidate", *_SIZES, "Outputs", "Where, and why"), rows, numbers=_SIZES)


def _sizes(candidate: Candidate) -> tuple[int | None, ...]:
    return (
        candidate.workspace_bytes,
        candidate.constants_bytes,
        candidate.flash_bytes,
        candidate.frame_bytes,
        candidate.instructions,
    )


def _number(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _json(candidate: Candidate, chosen: Candidate) -> dict[str, Any]:
    recipe = candidate.recipe
    return {
        "name": recipe.name,
        "chosen": candidate is chosen,
        "outputs": candidate.verdict.value,
        "note": candidate.note,
        **recipe.describe(),
        "workspace_bytes": candidate.workspace_bytes,
        "constants_bytes": candidate.constants_bytes,
        "flash_bytes": candidate.flash_bytes,
        "frame_bytes": candidate.frame_bytes,
        "instructions": candidate.instructions,
    }


def _create(compiled: Compiled, entrypoint: str, board: str, minimize: str) -> str:
    """The command that makes a project of the tar, with what this candidate needs."""
    from microtvm_boards.project.plan.stack import DEFAULT_STACK_BYTES

    words = ["microtvm-boards create", str(compiled.output), "PROJECT", "--board", board]
    words += ["--model-entrypoint-api", entrypoint]
    if minimize == "instructions":
        words += ["--optimization", "speed"]
    if compiled.stack_bytes != DEFAULT_STACK_BYTES:
        words += ["-o", f"stack_size_bytes={compiled.stack_bytes}"]
    return " ".join(words)
