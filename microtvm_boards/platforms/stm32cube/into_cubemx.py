"""Adds a model to a project of STM32CubeMX: the folder microtvm/, and no more unless forced."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from microtvm_boards.boards import Board, load_board
from microtvm_boards.errors import ProjectError, UsageError
from microtvm_boards.mlf import load
from microtvm_boards.platforms.stm32cube.section import stm32_of
from microtvm_boards.platforms.stm32cube.target import Stm32CubeTarget
from microtvm_boards.project.inputs.attachments import read_attachments
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.plan.draft import Plan
from microtvm_boards.project.plan.parts.planned import TEMPLATE, rendered
from microtvm_boards.project.plan.plan import plan
from microtvm_boards.project.plan.types import Origin, PlannedFile
from microtvm_boards.project.write.render import render

FOLDER = "microtvm"
MARK = "microtvm.json"  # tells a folder of ours from one of the user's
# Of template_project, in place of a project's own top.
TEMPLATES = ("cubemx/CMakeLists.txt.j2", "cubemx/microtvm.mk.j2", "cubemx/README.md.j2")
_KEPT = ("src/model/", "src/abi/", "src/runtime/", "model/", "crt/")
_PART = re.compile(r"^Mcu\.UserName=(\S+)", re.MULTILINE)
CMAKE_LINES = (
    f"add_subdirectory({FOLDER})\ntarget_link_libraries(${{CMAKE_PROJECT_NAME}} {FOLDER})\n"
)
MAKE_LINE = f"include {FOLDER}/microtvm.mk\n"


@dataclass(frozen=True)
class Addition:
    """What was added to the project of `ioc`."""

    folder: Path
    ioc: Path
    plan: Plan
    changed: tuple[Path, ...]  # files of the user's; empty without `force`


def add_to_cubemx(
    mlf: Path, directory: Path, options: ProjectOptions, *, force: bool = False
) -> Addition:
    """Adds `directory`/microtvm with the model, its runtime and build files for CMake and Make.

    `force` replaces a folder microtvm/ of an earlier call, and brings it into the project's
    CMakeLists.txt and Makefile.
    Raises UsageError, ModelError, BoardError or ProjectError; then nothing is changed.
    """
    if options.board is None:
        raise UsageError("No board was given.", hint="--board NAME, one with the project's chip")
    _refuse_options(options)
    board = load_board(options.board)
    ioc = find_ioc(directory)
    _refuse_other_chip(ioc, board)
    # The linker script is the user's: nothing can rely on sections of ours.
    options = replace(options, platform=Stm32CubeTarget.name, app="minimal", activations="separate")
    model = load(mlf)
    target = Stm32CubeTarget()
    full = plan(model, board, options, target, read_attachments(model, board, options, target))
    planned = replace(full, files=tuple(_files(full)))
    folder = directory / FOLDER
    old = _set_aside(folder, force=force)
    try:
        render(planned, folder)
    except BaseException:
        if old is not None:
            old.rename(folder)
        raise
    if old is not None:
        _remove(old)
    changed = tuple(_bring_in(directory)) if force else ()
    return Addition(folder, ioc, planned, changed)


def find_ioc(directory: Path) -> Path:
    """The .ioc file of the project; raises ProjectError when there isn't exactly one."""
    if not directory.is_dir():
        raise ProjectError(f"There is no directory {directory}.")
    found = sorted(directory.glob("*.ioc"))
    if len(found) != 1:
        raise ProjectError(
            f"{directory} is not a project of STM32CubeMX: there is no .ioc file in it."
            if not found
            else f"{directory} has several .ioc files: {', '.join(f.name for f in found)}.",
            hint="the directory that STM32CubeMX generated, or leave out --into for a new project",
        )
    return found[0]


def _refuse_options(options: ProjectOptions) -> None:
    for given, what in (
        (options.model_entrypoint_api != "c", "model_entrypoint_api=packed (main() is yours)"),
        (bool(options.pools), "pools (the linker script is yours)"),
        (bool(options.more_models), "more_models (one model library at a time)"),
        (options.extra_files_tar is not None, "extra_files_tar (add files yourself)"),
        (options.platform not in (None, Stm32CubeTarget.name), f"platform={options.platform}"),
    ):
        if given:
            raise UsageError(
                f"A project of STM32CubeMX can't be given {what}.",
                hint="leave the option out, or make a project of its own: without --into",
            )


def _refuse_other_chip(ioc: Path, board: Board) -> None:
    part = stm32_of(board).part
    match = _PART.search(ioc.read_text(errors="replace"))
    if match is None:
        raise ProjectError(
            f"{ioc} doesn't name its chip: it has no line Mcu.UserName=.",
            hint="open it in STM32CubeMX and save it",
        )
    if not match[1].startswith(part):
        raise UsageError(
            f"{ioc.name} is for {match[1]}, board {board.name} has {part}.",
            hint="--board with a board, or a board file of your own, that has the project's chip",
        )


def _files(planned: Plan) -> Iterator[PlannedFile]:
    for file in planned.files:
        if file.path.startswith(_KEPT):
            yield file
    for template in TEMPLATES:
        name = PurePosixPath(template).name.removesuffix(TEMPLATE)
        yield rendered(template, name, "brings the model into the project around it")
    yield PlannedFile(MARK, Origin.DATA, "manifest", "what was decided, and why")


def _set_aside(folder: Path, *, force: bool) -> Path | None:
    """Moves an earlier folder of ours out of the way and says where it is now."""
    if not folder.exists():
        return None
    if not (folder / MARK).is_file():
        raise ProjectError(f"{folder} exists already and is not of microtvm-boards.")
    if not force:
        raise ProjectError(f"{folder} exists already.", hint="--force replaces it")
    old = folder.with_name(f".{FOLDER}-old")
    _remove(old)
    folder.rename(old)
    return old


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _bring_in(directory: Path) -> Iterator[Path]:
    """The lines that the README asks for, where they are not there yet."""
    cmake = directory / "CMakeLists.txt"
    if cmake.is_file():
        text = cmake.read_text()
        if f"add_subdirectory({FOLDER})" not in text:
            cmake.write_text(text.rstrip("\n") + "\n\n" + CMAKE_LINES)
            yield cmake
    makefile = directory / "Makefile"
    if makefile.is_file():
        text = makefile.read_text()
        before = re.search(r"^OBJECTS *[:+]?=", text, re.MULTILINE)
        if MAKE_LINE not in text and before is not None:
            makefile.write_text(text[: before.start()] + MAKE_LINE + text[before.start() :])
            yield makefile
