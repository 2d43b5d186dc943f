"""Measures what Zephyr itself takes, with our own code on top: kernel, drivers and C library by
release, board, kind of firmware and optimization. Writes zephyr_size.json of platforms/zephyr.

    python -m benchmarks.zephyr_size [--keep FOLDER] [--boards B ...] [ZEPHYR_BASE ...]

Without trees: $ZEPHYR_BASE, else ~/zephyrproject*/zephyr. Every board is measured with optimization
`size`; REFERENCE with all of them (first tree), the others follow it. What was measured
before and isn't now stays. `benchmarks/preflight.py` says how good the result is. Takes minutes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.kept_builds import KeptBuilds, zephyr_trees
from benchmarks.preflight import KINDS, OPTIMIZATIONS, ZEPHYR_BOARDS, raw_options
from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.firmware.linked_needs import linked_sizes
from microtvm_boards.firmware.stack_report import objects_of, stack_report
from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.zephyr.board.section import ZephyrSection
from microtvm_boards.platforms.zephyr.board.tree import read_tree
from microtvm_boards.platforms.zephyr.built_devicetree import read_config
from microtvm_boards.platforms.zephyr.size import TABLE, short_release
from microtvm_boards.project import Project

ROOT = Path(__file__).resolve().parent.parent
SMALL = ROOT / "tests" / "data" / "foo_c.tar"
REFERENCE = "mps2_an385"
STACK = 4096  # the same for all: another size would mean to compile the kernel again
# What the rest of the preflight table counts.
NOT_BASE = frozenset(
    "activations arena tensor_heap inputs outputs packet ring rpc stack constants samples "
    "model_code".split()
)


def measure(builds: KeptBuilds, base: Path, board: str, kind: str, optimization: str) -> Any:
    """Bytes of flash, RAM and stack, and facts of the board; None when it doesn't build."""
    raw = raw_options(board, kind, optimization, str(base))
    try:
        project, result = builds.build(SMALL, {**raw, "stack_size_bytes": STACK})
    except MicroTvmBoardsError as error:
        print(f"{base} {board} {kind} {optimization}: {error.cause}")
        return None
    memories = get_platform("zephyr").memories(project)
    sizes: Counter[str] = Counter()
    for (memory, need), size in linked_sizes(project, result.firmware, memories).items():
        if need not in NOT_BASE:
            sizes[memory.upper()] += size
        elif need == "stack" and memory.upper() == "RAM":
            sizes["RAM"] += size - STACK  # the MPU's guard
    flash = sizes["FLASH"] if memories else 0
    return {"flash": flash, "ram": sizes["RAM"], "stack": _stack(project)}


def _stack(project: Project) -> int:
    folders = [project.build_dir / "CMakeFiles" / f"{name}.dir" for name in ("app", "model")]
    return stack_report(objects_of(folders), "main", inside=project.directory).bound or 0


def _facts(project: Project) -> dict[str, Any]:
    config = read_config(project.build_dir / "zephyr" / ".config")
    zephyr = project.board.section(ZephyrSection)
    return {
        "soc": zephyr.soc if zephyr else "",
        "cpu": zephyr.cpu if zephyr else "",
        "fpu": config.get("CONFIG_FPU") == "y",
    }


def _work(trees: Sequence[Path], boards: Sequence[str]) -> Iterator[tuple[Path, str, str]]:
    """REFERENCE has the other optimizations in the first tree alone."""
    for board in boards:
        yield from ((base, board, "size") for base in trees)
    if REFERENCE in boards:
        yield from ((trees[0], REFERENCE, other) for other in OPTIMIZATIONS if other != "size")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("trees", nargs="*", type=Path)
    parser.add_argument("--keep", type=Path, help="keep the builds here, for the next time")
    parser.add_argument("--boards", nargs="+", default=ZEPHYR_BOARDS)
    arguments = parser.parse_args()
    table: dict[str, Any] = json.loads(TABLE.read_text()) if TABLE.is_file() else {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        builds = KeptBuilds(folder)
        for base, board, optimization in _work(arguments.trees or zephyr_trees(), arguments.boards):
            release = short_release(read_tree(base, "this benchmark").release)
            entry = table.setdefault(release, {}).setdefault(board, {})
            for kind in KINDS:
                measured = measure(builds, base, board, kind, optimization)
                if measured is None:
                    continue
                entry.update(_facts(builds.last))
                for what, size in measured.items():
                    entry.setdefault(what, {}).setdefault(kind, {})[optimization] = size
                print(release, board, kind, optimization, measured, flush=True)
                TABLE.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n")
    print(f"Wrote {TABLE}")


if __name__ == "__main__":
    main()
