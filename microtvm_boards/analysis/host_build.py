"""The same model compiled for this computer: what a board's outputs are compared with."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from microtvm_boards.analysis.tracing import build_traced
from microtvm_boards.errors import MicroTvmBoardsError, OperatorsUnseenError, ProjectError
from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.base import Progress
from microtvm_boards.project import create
from microtvm_boards.project.options.declare import Reach
from microtvm_boards.project.project import Project
from microtvm_boards.project.write.trace import TracedProject

FOLDER = "reference"  # in the build directory, a folder a model library


@dataclass(frozen=True)
class Reference:
    """A project for this computer, built. Its model `model` is the one in question."""

    project: Project
    model: int
    traced: TracedProject | None  # None: its operators can't be told apart


def build_reference(project: Project, model: int, progress: Progress | None = None) -> Reference:
    """Built in build/reference from the untouched tar of model number `model`, with the project's
    options for compiling it. It traces operators where that can be. What is there already is used
    again.

    Raises ProjectError when the tar isn't the one that the project was made of, and whatever
    creating and building a project for this computer raises, as with kernels for another processor.
    """
    tar = project.directory / project.models[model].library
    _require_same_library(project, model, tar)
    kept = project.options.only(Reach.KERNELS)
    options = replace(kept, board="host", model_entrypoint_api="c")
    directory = project.build_dir / FOLDER / project.models[model].library.removesuffix(".tar")
    made = _existing(project, model, directory)
    if made is None or made.options != options:
        shutil.rmtree(directory, ignore_errors=True)
        made = create(tar, directory, options)
    number = project.place_in_library(model)
    try:
        traced = build_traced(made, progress)
        if number in traced.unseen:
            raise traced.unseen[number]
    except OperatorsUnseenError:
        get_platform(made.platform).build(made, progress=progress)
        return Reference(made, number, None)
    return Reference(traced.project, number, traced)


def _existing(project: Project, model: int, directory: Path) -> Project | None:
    if not directory.is_dir():
        return None
    try:
        found = Project.open(directory)
    except MicroTvmBoardsError:
        return None
    same_tool = found.manifest.tool == project.manifest.tool
    wanted = project.models[model].library_sha256
    return found if same_tool and wanted == found.models[0].library_sha256 else None


def _require_same_library(project: Project, model: int, tar: Path) -> None:
    wanted = project.models[model].library_sha256
    try:
        found = hashlib.sha256(tar.read_bytes()).hexdigest()
    except OSError as error:
        raise ProjectError(f"{tar} can't be read: {error.strerror}.") from error
    if found != wanted:
        raise ProjectError(
            f"{tar} is not the model that the project was made of: its SHA-256 is "
            f"{found[:16]}..., project.json says {wanted[:16]}...",
            hint="create the project again",
        )
