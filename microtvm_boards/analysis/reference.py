"""The same model compiled for this computer: what a board's outputs are compared with."""

from __future__ import annotations

import hashlib
import shutil

from microtvm_boards.analysis.tracing import build_traced
from microtvm_boards.errors import MicroTvmBoardsError, ProjectError
from microtvm_boards.platforms.base import Progress
from microtvm_boards.project import create, parse_options
from microtvm_boards.project.manifest import Project
from microtvm_boards.project.trace import TracedProject

FOLDER = "reference"  # in the build directory
# Of the project's options, those that change what generated code computes or needs.
_KEPT = ("optimization", "compile_definitions")


def build_reference(project: Project, progress: Progress | None = None) -> TracedProject:
    """Built in build/reference from the project's untouched model.tar, with the project's options
    for compiling it. It traces operators. What is there already is used again.

    Raises ProjectError when model.tar isn't the one that the project was made of, and whatever
    creating and building a project for this computer raises, as with kernels for another processor.
    """
    _require_same_model(project)
    raw = {name: project.options[name] for name in _KEPT if name in project.options}
    raw |= {"board": "host", "model_entrypoint_api": "c"}
    options = parse_options(raw, "generate_project")
    directory = project.build_dir / FOLDER
    reference = _existing(project)
    if reference is None or reference.options != options.to_json():
        shutil.rmtree(directory, ignore_errors=True)
        reference = create(project.mlf, directory, options)
    return build_traced(reference, progress)


def _existing(project: Project) -> Project | None:
    directory = project.build_dir / FOLDER
    if not directory.is_dir():
        return None
    try:
        found = Project.open(directory)
    except MicroTvmBoardsError:
        return None
    same = all(
        found.manifest.get(key) == project.manifest.get(key)
        for key in ("tool", "model_library_format")
    )
    return found if same else None


def _require_same_model(project: Project) -> None:
    wanted = project.manifest["model_library_format"]["sha256"]
    try:
        found = hashlib.sha256(project.mlf.read_bytes()).hexdigest()
    except OSError as error:
        raise ProjectError(f"{project.mlf} can't be read: {error.strerror}.") from error
    if found != wanted:
        raise ProjectError(
            f"{project.mlf} is not the model that the project was made of: its SHA-256 is "
            f"{found[:16]}..., project.json says {wanted[:16]}...",
            hint="create the project again",
        )
