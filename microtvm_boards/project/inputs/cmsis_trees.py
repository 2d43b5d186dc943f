"""Where CMSIS is: what an option names, else what the platform's own tree brings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from microtvm_boards.boards import Board
from microtvm_boards.boards.zephyr_tree import look_for_zephyr, modules
from microtvm_boards.errors import ToolNotFoundError, UsageError
from microtvm_boards.project.inputs.cube_package import find_package
from microtvm_boards.project.options.parse import ProjectOptions
from microtvm_boards.project.options.platforms import Stm32CubeOptions, ZephyrOptions

# A header of each part that CMSIS-NN takes.
_PARTS = {"NN": "arm_nnfunctions.h", "DSP": "arm_math_types.h", "Core": "cmsis_compiler.h"}


def cmsis_trees(options: ProjectOptions, board: Board) -> list[Path]:
    """The option cmsis_path, else $CMSIS_PATH, else the STM32Cube package or Zephyr's modules.

    Raises UsageError when the option names no directory.
    """
    given = options.cmsis_path
    named = given or os.environ.get("CMSIS_PATH") or ""
    trees = [Path(part).expanduser() for part in named.split(os.pathsep) if part]
    for tree in trees:
        if given and not tree.is_dir():
            raise UsageError(f'Option "cmsis_path" names a directory; there is none at {tree}.')
    if trees:
        return trees
    platform = options.platform or board.platforms[0]
    if platform == "stm32cube":
        try:
            package = find_package(board, options.of(Stm32CubeOptions).stm32cube_path)
            return [package.path / "Drivers" / "CMSIS"]
        except ToolNotFoundError:  # the build says so
            return []
    if platform == "zephyr":
        tree_of_zephyr = look_for_zephyr(options.of(ZephyrOptions).zephyr_base, Path.cwd())
        if tree_of_zephyr is not None:
            found = modules(tree_of_zephyr).items()
            return [path for name, path in sorted(found) if "cmsis" in name and path.is_dir()]
    return []


def describe(trees: Sequence[Path], headers: Sequence[str]) -> list[str]:
    """What was found where, in words; `headers`: all that the trees have together."""
    if not trees:
        return []
    there = [part for part, header in _PARTS.items() if header in headers]
    lacking = [part for part in _PARTS if part not in there]
    text = f"looked in {', '.join(map(str, trees))}: it has {' and '.join(there) or 'nothing'}"
    return [f"{text}, no {' and no '.join(lacking)}" if lacking else text]
