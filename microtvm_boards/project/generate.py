"""`create`: from a model library and a board's name to a project directory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from microtvm_boards.boards import Board, find_board
from microtvm_boards.errors import UsageError
from microtvm_boards.mlf import load
from microtvm_boards.model import Model
from microtvm_boards.project.inputs.attachments import KernelHostPlan, read_attachments
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.plan.draft import Plan
from microtvm_boards.project.plan.plan import plan
from microtvm_boards.project.project import Project
from microtvm_boards.project.target import choose_target
from microtvm_boards.project.write.render import render


def prepare(mlf: Path | Model, options: ProjectOptions) -> Plan:
    """Decides everything about a project for the model library `mlf`, and writes nothing.

    Raises UsageError, ModelError, BoardError or ProjectError.
    """
    board, options = choose_board(options)
    return plan_on(mlf if isinstance(mlf, Model) else load(mlf), board, options)


def choose_board(options: ProjectOptions) -> tuple[Board, ProjectOptions]:
    """The board of `options`, which are returned as later steps want them, that run elsewhere.

    Raises UsageError, BoardError.
    """
    if options.board is None:
        raise UsageError(
            "No board was given.", hint="--board NAME; microtvm-boards boards list shows them"
        )
    board = find_board(options.board, options.platform, options.to_json())
    return board, choose_target(board, options).resolved(options)


def plan_on(
    model: Model,
    board: Board,
    options: ProjectOptions,
    kernel_host: KernelHostPlan | None = None,
) -> Plan:
    """`prepare` on a board of `choose_board`. `kernel_host`: for firmware that kernels come to
    while it runs (tuning)."""
    target = choose_target(board, options)
    attachments = read_attachments(model, board, options, target)
    return plan(model, board, options, target, replace(attachments, kernel_host=kernel_host))


def create(mlf: Path | Model, directory: Path, options: ProjectOptions) -> Project:
    """Writes a project for the model library `mlf` into the new `directory`.

    Raises as `prepare` does; then nothing is left behind.
    """
    render(prepare(mlf, options), directory)
    return Project.open(directory)
