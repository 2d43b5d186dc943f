"""Where CMSIS is: what an option names."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from microtvm_boards.errors import UsageError

# A header of each part that CMSIS-NN takes.
_PARTS = {"NN": "arm_nnfunctions.h", "DSP": "arm_math_types.h", "Core": "cmsis_compiler.h"}


def cmsis_trees(given: str | None) -> list[Path]:
    """Those of the option cmsis_path, else $CMSIS_PATH.

    Raises UsageError when the option names no directory.
    """
    named = given or os.environ.get("CMSIS_PATH") or ""
    trees = [Path(part).expanduser() for part in named.split(os.pathsep) if part]
    for tree in trees:
        if given and not tree.is_dir():
            raise UsageError(f'Option "cmsis_path" names a directory; there is none at {tree}.')
    return trees


def describe(trees: Sequence[Path], headers: Sequence[str]) -> list[str]:
    """What was found where, in words; `headers`: all that the trees have together."""
    if not trees:
        return []
    there = [part for part, header in _PARTS.items() if header in headers]
    lacking = [part for part in _PARTS if part not in there]
    text = f"looked in {', '.join(map(str, trees))}: it has {' and '.join(there) or 'nothing'}"
    return [f"{text}, no {' and no '.join(lacking)}" if lacking else text]
