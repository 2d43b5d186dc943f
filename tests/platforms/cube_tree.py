"""Empty STM32Cube packages: what a search for one looks at, and nothing that could be compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from microtvm_boards.boards import Board
from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.platforms.stm32cube.package import find_package


def make_package(path: Path, family: str, *devices: str) -> Path:
    """A package of `family` with start-up code for `devices` (stm32f405xx)."""
    hal, files = f"STM32{family}xx", f"stm32{family.lower()}xx"
    device = path / "Drivers/CMSIS/Device/ST" / hal
    names = [
        path / f"Drivers/{hal}_HAL_Driver/Inc/{files}_hal.h",
        path / "Drivers/CMSIS/Include/cmsis_gcc.h",
        device / f"Source/Templates/system_{files}.c",
        *(device / f"Source/Templates/gcc/startup_{name}.s" for name in devices),
    ]
    for name in names:
        name.parent.mkdir(parents=True, exist_ok=True)
        name.touch()
    return path


def need_package(board: Board) -> Path:
    """The real package for `board`; skips the test where there is none."""
    try:
        return find_package(board).path
    except MicroTvmBoardsError as error:
        pytest.skip(error.cause)
