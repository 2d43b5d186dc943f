"""What planning asks of platform stm32cube."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from microtvm_boards.boards import Board
from microtvm_boards.errors import ToolNotFoundError
from microtvm_boards.platforms.stm32cube.context import hal_files, stm32_context
from microtvm_boards.platforms.stm32cube.options import Stm32CubeOptions
from microtvm_boards.platforms.stm32cube.package import find_package
from microtvm_boards.platforms.tools import ARM_GCC, version
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.parts.port import Port
from microtvm_boards.project.plan.types import PlannedFile
from microtvm_boards.project.target import TargetPlan

_CONF = "hal_conf.h"


class Stm32CubeTarget(TargetPlan):
    name = "stm32cube"
    port = Port(
        files=(
            *("clock.c.j2", f"{_CONF}.j2", "link.ld.j2", "mtvm_stm32.h.j2"),
            *("port.c", "timer.c", "uart.c"),
            *("project/.vscode/extensions.json", "project/.vscode/launch.json.j2"),
            *("project/CMakePresets.json", "project/cmake/stm32_board.cmake.j2"),
        ),
        linker_script=True,
        cortex_m=True,
        changes_baud=True,
    )

    def read(self, board: Board, options: ProjectOptions) -> Mapping[str, bytes]:
        """A package that was chosen has to fit the board; without one the build looks for it."""
        package = options.of(Stm32CubeOptions).stm32cube_path
        if package:
            find_package(board, package)
        return {}

    def cmsis_trees(self, board: Board, options: ProjectOptions) -> list[Path]:
        try:
            package = find_package(board, options.of(Stm32CubeOptions).stm32cube_path)
        except ToolNotFoundError:  # the build says so
            return []
        return [package.path / "Drivers" / "CMSIS"]

    def files(self, draft: Draft) -> Iterator[PlannedFile]:
        """ST's HAL looks for its configuration by its family's name."""
        conf = f"{hal_files(draft.board)}_{_CONF}"
        for file in super().files(draft):
            folder, _, name = file.path.rpartition("/")
            yield replace(file, path=f"{folder}/{conf}") if name == _CONF else file

    def context(self, draft: Draft) -> Mapping[str, Any]:
        return {
            "stm32": stm32_context(draft.board, draft.options.of(Stm32CubeOptions).stm32cube_path)
        }

    def builders(self, board: Board, options: ProjectOptions) -> list[tuple[str, str]]:
        package = find_package(board, options.of(Stm32CubeOptions).stm32cube_path)
        return [version(ARM_GCC), ("package", str(package.path))]
