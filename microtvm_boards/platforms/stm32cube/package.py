"""Finds ST's STM32Cube package of a family: linked where it lies, never copied or changed.

template_project/cmake/stm32cube.cmake makes the same search, so that projects build without us.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.boards import Board
from microtvm_boards.errors import ToolNotFoundError, UsageError
from microtvm_boards.platforms.stm32cube.family import load_family
from microtvm_boards.platforms.stm32cube.section import stm32_of

_VERSION = re.compile(r"_V(\d+(?:\.\d+)*)$")
_HAL = re.compile(r"STM32(\w\w)xx_HAL_Driver$")


@dataclass(frozen=True)
class CubePackage:
    path: Path
    found_by: str  # "option stm32cube_path", "$STM32CUBE_F4_PATH" or the folder


def path_variable(family: str) -> str:
    """The environment variable, and the CMake cache variable, with the path of its package."""
    return f"STM32CUBE_{family}_PATH"


def find_package(board: Board, chosen: str | None = None) -> CubePackage:
    """The package for `board`: `chosen` (option stm32cube_path), else the environment variable,
    else the newest that fits in STM32CubeMX's repository.

    Raises UsageError for a chosen path that doesn't fit, ToolNotFoundError that says which package
    is needed, where it was looked for and where to get it.
    """
    family = stm32_of(board).family
    variable = path_variable(family)
    for path, named_by in ((chosen, "option stm32cube_path"), (os.environ.get(variable), variable)):
        if path:
            package = Path(path).expanduser().absolute()
            problem = what_is_missing(package, board)
            if problem:
                raise UsageError(
                    f"{named_by} is {path}, which is not the package for board {board.name}: "
                    f"{problem}.",
                    hint=_where_to_get(family),
                )
            return CubePackage(package, named_by)
    repository = _repository()
    looked_at = []
    for package in _installed(repository, family):
        problem = what_is_missing(package, board)
        if not problem:
            return CubePackage(package, str(repository))
        looked_at.append(f"{package}: {problem}")
    raise ToolNotFoundError(
        f"ST's package STM32Cube_FW_{family} is needed for board {board.name} "
        f"({stm32_of(board).part}) and was not found.",
        details=[
            "option stm32cube_path: not given",
            f"${variable}: not set",
            *(looked_at or [f"{repository}/STM32Cube_FW_{family}_V*: there is none"]),
        ],
        hint=_where_to_get(family),
    )


def what_is_missing(package: Path, board: Board) -> str:
    """Why `package` doesn't serve the board; "" when it does."""
    stm32 = stm32_of(board)
    family = load_family(stm32.family)
    if not package.is_dir():
        return "there is no such directory"
    drivers = package / "Drivers"
    hal = f"{family.hal}_HAL_Driver"
    if not (drivers / hal).is_dir():
        others = sorted(
            match[1] for path in drivers.glob("STM32*") if (match := _HAL.match(path.name))
        )
        if others:
            return f"it is of family {', '.join(others)}, needed is {family.name}"
        return f"there is no Drivers/{hal} in it"
    device = drivers / "CMSIS" / "Device" / "ST" / family.hal / "Source" / "Templates"
    needed = (
        drivers / hal / "Inc" / f"{family.files}_hal.h",  # empty folders: submodules not fetched
        drivers / "CMSIS" / "Include" / "cmsis_gcc.h",
        device / f"system_{family.files}.c",
        device / "gcc" / f"startup_{stm32.device.lower()}.s",
    )
    for path in needed:
        if not path.is_file():
            advice = ""
            if path == needed[0]:
                advice = " (a git clone needs: git submodule update --init --recursive)"
            return f"there is no {path.relative_to(package)} in it{advice}"
    return ""


def _repository() -> Path:
    """Where STM32CubeMX unpacks packages, unless it was told otherwise."""
    return Path("~").expanduser() / "STM32Cube" / "Repository"


def _installed(repository: Path, family: str) -> Iterator[Path]:
    """Packages of the family, the newest first."""
    found = [
        (tuple(int(part) for part in match[1].split(".")), path)
        for path in repository.glob(f"STM32Cube_FW_{family}_V*")
        if (match := _VERSION.search(path.name))
    ]
    for _, path in sorted(found, reverse=True):
        yield path


def _where_to_get(family: str) -> str:
    return (
        f"STM32CubeMX (Help > Manage embedded software packages) installs it, or: git clone "
        f"--recursive https://github.com/STMicroelectronics/STM32Cube{family}; then "
        f"{path_variable(family)}=PATH or --option stm32cube_path=PATH"
    )
