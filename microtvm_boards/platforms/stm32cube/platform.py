"""STM32 with ST's HAL out of an STM32Cube package, which is linked where it lies."""

from __future__ import annotations

from collections.abc import Iterator

from microtvm_boards.boards import Board, load_known
from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.firmware.bare_metal_stack import Roots
from microtvm_boards.platforms.baremetal import BaremetalPlatform
from microtvm_boards.platforms.base import BuildResult, Found, Progress
from microtvm_boards.platforms.cmake import cached, forget_configuration
from microtvm_boards.platforms.stm32cube.options import Stm32CubeOptions
from microtvm_boards.platforms.stm32cube.package import CubePackage, find_package, path_variable
from microtvm_boards.platforms.stm32cube.section import Stm32, stm32_of
from microtvm_boards.project.project import Project


class Stm32CubePlatform(BaremetalPlatform):
    name = "stm32cube"
    # The UART's interrupt has the highest priority, SysTick the lowest (HAL_Init).
    roots = Roots("Reset_Handler", nested=True)

    def tools_to_run(self, board: Board) -> None:
        """Its builds take ST's package."""

    def looked_for(self) -> Iterator[Found]:
        """One family's package serves all its boards: the first board of each is looked at."""
        families: dict[str, Board] = {}
        for board in load_known()[0]:
            stm32 = board.section(Stm32)
            if stm32 is not None:
                families.setdefault(stm32.family, board)
        for family, board in sorted(families.items()):
            subject = f"stm32cube {family}"
            try:
                package = find_package(board)
            except MicroTvmBoardsError as error:
                yield Found(subject, error=error)
            else:
                yield Found(subject, f"{package.path} (by {package.found_by})")

    def build(self, project: Project, *, progress: Progress | None = None) -> BuildResult:
        """See Platform.build. Raises as `find_package` when there is no package to build with."""
        package = package_of(project)
        configured = cached(project).get("MTVM_STM32CUBE")
        if configured is not None and configured != package.path.as_posix():
            forget_configuration(project)
        return super().build(project, progress=progress)


def package_of(project: Project) -> CubePackage:
    """The package that CMake takes, too: the one it was given by hand, else what is found.

    Raises as `find_package`.
    """
    by_hand = cached(project).get(path_variable(stm32_of(project.board).family))
    chosen = project.options.of(Stm32CubeOptions).stm32cube_path
    return find_package(project.board, by_hand or chosen)
