"""`create`: from a model library and a board's name to a project directory."""

from __future__ import annotations

from pathlib import Path

from microtvm_boards.boards import load_board
from microtvm_boards.errors import UsageError
from microtvm_boards.mlf import load
from microtvm_boards.project.attachments import read_attachments
from microtvm_boards.project.manifest import Project
from microtvm_boards.project.options import ProjectOptions
from microtvm_boards.project.plan import plan
from microtvm_boards.project.render import render


def create(mlf: Path, directory: Path, options: ProjectOptions) -> Project:
    """Writes a project for the model library `mlf` into the new `directory`.

    Raises UsageError, ModelError, BoardError or ProjectError; then nothing is left behind.
    """
    if options.board is None:
        raise UsageError(
            "No board was given.", hint="--board NAME; microtvm-boards boards list shows them"
        )
    board = load_board(options.board)
    model = load(mlf)
    render(plan(model, board, options, read_attachments(model, options)), directory)
    return Project.open(directory)
