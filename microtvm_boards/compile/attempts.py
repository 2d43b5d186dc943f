"""One candidate after the other: compiled, measured, and checked against the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from microtvm_boards.boards import Board
from microtvm_boards.compile import cost
from microtvm_boards.compile.candidates import Candidate, Verdict
from microtvm_boards.compile.checking import check, counts_instructions, find_place
from microtvm_boards.compile.compiler import Compiler, Outputs, ReadModel, Recipe
from microtvm_boards.compile.samples import Sample
from microtvm_boards.errors import (
    MicroTvmBoardsError,
    ModelError,
    ProjectError,
    ToolNotFoundError,
)
from microtvm_boards.mlf import load
from microtvm_boards.model import Model
from microtvm_boards.project import parse_options
from microtvm_boards.project.plan.plan import plan
from microtvm_boards.project.plan.stack import DEFAULT_STACK_BYTES
from microtvm_boards.project.target import choose_target

Progress = Callable[[str], None]

_STACK_STEP = 1024


@dataclass(frozen=True)
class Job:
    """What is compiled for what. `board_name`: as option board takes it."""

    compiler: Compiler
    model: ReadModel[Any]
    samples: Sequence[Sample]
    expected: Sequence[Outputs]  # the reference's, of each sample
    board_name: str
    board: Board
    entrypoint: str
    name: str


@dataclass
class Attempts:
    """Candidates of one job, in a scratch `directory`."""

    job: Job
    directory: Path
    say: Progress
    tried: list[Candidate] = field(default_factory=list)
    _refusals: dict[str, ProjectError] = field(default_factory=dict)  # why a recipe doesn't fit

    def attempt(self, recipe: Recipe, title: str) -> None:
        """Adds the candidate of `recipe` to `tried`; what fails is said in its note."""
        try:
            candidate = self._attempt(recipe, title)
        except (MicroTvmBoardsError, OSError) as error:
            cause = error.cause if isinstance(error, MicroTvmBoardsError) else str(error)
            candidate = Candidate(recipe, Verdict.FAILED, cause)
        self.tried.append(candidate)

    def _attempt(self, recipe: Recipe, title: str) -> Candidate:
        directory = self.directory / str(len(self.tried))
        mlf = directory.with_suffix(".tar")
        self.say(f"{title}: compiling")
        build = self.job.model.build
        for line in build(recipe, mlf, name=self.job.name, entrypoint=self.job.entrypoint):
            self.say(line)
        model = load(mlf)
        module = model.modules[0]
        candidate = Candidate(
            recipe,
            Verdict.UNCHECKED,
            "",
            mlf=mlf,
            workspace_bytes=module.workspace_bytes,
            constants_bytes=module.constants_bytes,
        )
        if cost.can_measure(self.job.board):
            measured = cost.measure(model, self.job.board)
            if isinstance(measured, str):
                return replace(candidate, verdict=Verdict.FAILED, note=measured)
            candidate = replace(
                candidate, flash_bytes=measured.flash_bytes, frame_bytes=measured.frame_bytes
            )
        refusal = self._refusal(model, candidate)
        if refusal is not None:
            self._refusals[recipe.name] = refusal
            return replace(candidate, verdict=Verdict.TOO_BIG, note="more than the board has")
        return self._check(candidate, model, directory, title)

    def _refusal(self, model: Model, candidate: Candidate) -> ProjectError | None:
        """Why `create` would refuse the model for the board, or its code is too much for it."""
        board = self.job.board
        options = parse_options(
            {
                "board": self.job.board_name,
                "model_entrypoint_api": self.job.entrypoint,
                "stack_size_bytes": stack_bytes(candidate.frame_bytes),
            },
            "generate_project",
        )
        try:
            plan(model, board, options, choose_target(board, options))
        except ProjectError as error:
            return error
        flash, needed = board.memory_for("flash"), candidate.flash_bytes or 0
        if flash is None or needed <= flash.size:
            return None
        return ProjectError(
            "The model's code and constants don't fit.",
            details=[f"{flash.name}: needed {needed} B, available {flash.size} B"],
        )

    def _check(self, candidate: Candidate, model: Model, directory: Path, title: str) -> Candidate:
        job = self.job
        place = find_place(job.board_name, job.board, model)
        if isinstance(place, str):
            return replace(candidate, note=place)
        self.say(f"{title}: checking on {place.label}")
        checked = check(
            model.path,
            place,
            directory,
            job.samples,
            job.expected,
            stack_bytes=stack_bytes(candidate.frame_bytes),
        )
        if checked.difference:
            note = f"{place.label}: {checked.difference}"
            return replace(candidate, verdict=Verdict.WRONG, note=note)
        count = checked.instructions if counts_instructions(job.board) else None
        return replace(candidate, verdict=Verdict.EQUAL, note=place.label, instructions=count)

    def nothing_won(self) -> MicroTvmBoardsError:
        """What to tell when no candidate is right."""
        lines = [f"{c.recipe.name}: {c.verdict.value}: {c.note}" for c in self.tried]
        too_big = [c for c in self.tried if c.verdict is Verdict.TOO_BIG]
        if too_big:
            smallest = min(too_big, key=lambda c: c.ram_bytes).recipe.name
            return ProjectError(
                f"No candidate that is right fits the board {self.job.board.name}. The smallest is "
                f'"{smallest}", which wasn\'t run.',
                details=self._refusals[smallest].details,
                hint="a board with more memory, or a smaller model",
            )
        if any(c.verdict is Verdict.UNCHECKED for c in self.tried):
            return ToolNotFoundError(
                "No candidate is known to be right: some couldn't be run.",
                details=lines,
                hint="install what is missing, then the same command again",
            )
        return ModelError(
            f"None of the {len(self.tried)} candidates computes what {self.job.compiler.title}'s "
            "reference does.",
            details=lines,
            hint=self.job.compiler.by_hand,
        )


def stack_bytes(frame_bytes: int | None) -> int:
    """stack_size_bytes for a model whose largest stack frame is `frame_bytes`: the default, or in
    steps of 1 KiB the frame with half the default for everything else."""
    frame, other = frame_bytes or 0, DEFAULT_STACK_BYTES // 2
    if frame <= DEFAULT_STACK_BYTES - other:
        return DEFAULT_STACK_BYTES
    return -(-(frame + other) // _STACK_STEP) * _STACK_STEP
