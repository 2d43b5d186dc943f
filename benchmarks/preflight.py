"""What `create` predicts against what the linker says: RAM, and flash with its estimate of code.

    python -m benchmarks.preflight [--json] [--boards B ...] [--optimizations O ...] [MODEL.tar ...]
    python -m benchmarks.preflight --zephyr [--trees T ...] [--keep FOLDER] ... [MODEL.tar ...]

With --zephyr every Zephyr that is here builds for its boards, each kernel once; FOLDER keeps the
builds for the next time. On the host and on Zephyr's host boards no code is predicted.
Without models: the demo's and the fixtures' libraries. Shared models are compiled by the tests
(tests/end_to_end/test_preflight.py) where TVM is there; pass their tars to have them here.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path

from microtvm_boards.errors import ProjectError, TooLargeError
from microtvm_boards.firmware.linked_needs import linked_needs
from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.base import BuildResult
from microtvm_boards.platforms.zephyr.board.section import ZephyrSection
from microtvm_boards.project import Project, create, parse_options

ROOT = Path(__file__).resolve().parent.parent
BOARDS = ("host", "microbit", "mps2_an385", "mps2_an386", "mps2_an500", "mps2_an505", "mps3_an547")
ZEPHYR_BOARDS = (
    *("qemu_cortex_m3", "mps2_an385", "mps2_an521", "native_posix_64"),
    *("nucleo_f746zg", "nucleo_l4r5zi", "stm32f746g_disco"),
)
OPTIMIZATIONS = ("size", "speed", "debug", "none")
KINDS = ("harness", "minimal", "packed")
RAM_BYTES, RAM_SHARE, FLASH_SHARE = 256, 0.02, 0.15
# Not for these processors, or not to be called.
_UNFIT = ("objects", "operator", "pools_io")


@dataclass(frozen=True)
class Row:
    """Bytes. `exact` are the constants among the flash that was predicted."""

    model: str
    board: str
    kind: str
    optimization: str
    ram: int
    ram_linked: int
    flash: int
    flash_linked: int
    exact: int
    release: str = ""  # of Zephyr

    @property
    def ram_ok(self) -> bool:
        over = self.ram - self.ram_linked
        return 0 <= over <= max(RAM_BYTES, RAM_SHARE * self.ram_linked)

    @property
    def flash_error(self) -> float:
        """As a share; 0 where no code is predicted."""
        if self.flash == self.exact:
            return 0
        return (self.flash - self.flash_linked) / self.flash_linked


def models() -> list[Path]:
    found = sorted((ROOT / "examples" / "digits").glob("*.tar"))
    fixtures = sorted((ROOT / "tests" / "data").glob("*.tar"))
    return found + [path for path in fixtures if not path.stem.startswith(_UNFIT)]


def measure(
    tars: Iterable[Path],
    boards: Iterable[str] = BOARDS,
    kinds: Iterable[str] = KINDS,
    optimizations: Iterable[str] = ("size",),
) -> Iterator[Row]:
    """Builds everything that fits its board, one after the other."""
    for tar in tars:
        for board in boards:
            for kind in kinds:
                for optimization in optimizations:
                    with tempfile.TemporaryDirectory() as folder:
                        raw = raw_options(board, kind, optimization)
                        row = _row(tar, raw, partial(_build, Path(folder) / "project"))
                    if row is not None:
                        yield row


def measure_zephyr(
    tars: Sequence[Path],
    trees: Iterable[Path],
    keep: Path,
    boards: Iterable[str] = ZEPHYR_BOARDS,
    kinds: Iterable[str] = KINDS,
    optimizations: Iterable[str] = ("size",),
) -> Iterator[Row]:
    """The same on Zephyr; `keep`: the directory of the builds."""
    from benchmarks.kept_builds import KeptBuilds

    builds = KeptBuilds(keep)
    for tree, board, optimization, kind, tar in product(trees, boards, optimizations, kinds, tars):
        row = _row(tar, raw_options(board, kind, optimization, str(tree)), builds.build)
        if row is not None:
            yield row


def raw_options(
    board: str, kind: str, optimization: str, zephyr_base: str | None = None
) -> dict[str, object]:
    """Options of a project of that kind; `zephyr_base`: of platform zephyr."""
    raw: dict[str, object] = {"board": board, "optimization": optimization}
    raw |= {"platform": "zephyr", "zephyr_base": zephyr_base} if zephyr_base else {}
    c = {"model_entrypoint_api": "c", "app": kind}
    return raw | ({"model_entrypoint_api": "packed"} if kind == "packed" else c)


Build = Callable[[Path, dict[str, object]], tuple[Project, BuildResult]]


def _build(directory: Path, tar: Path, raw: dict[str, object]) -> tuple[Project, BuildResult]:
    project = create(tar, directory, parse_options(raw, "generate_project"))
    return project, get_platform(project.platform).build(project)


def _row(tar: Path, raw: dict[str, object], build: Build) -> Row | None:
    try:
        project, result = build(tar, raw)
    except ProjectError:
        return None  # it doesn't fit
    except TooLargeError as error:  # `create` warned of its estimate
        print(f"{tar.stem}, {raw['board']}: {error.cause}", file=sys.stderr)
        return None
    memories = get_platform(project.platform).memories(project)
    needs = linked_needs(project, result.firmware, memories)
    estimates = {n.kind for n in project.manifest.memory if n.estimate}
    sums: Counter[str] = Counter()
    for need in needs:
        memory = need.memory.lower()
        sums[memory] += need.needed_bytes
        sums[f"{memory} linked"] += need.linked_bytes
        sums[f"{memory} exact"] += 0 if need.kind in estimates else need.needed_bytes
    zephyr = project.board.section(ZephyrSection)
    return Row(
        model=tar.stem if tar.stem not in ("c", "packed") else f"{tar.parent.name}_{tar.stem}",
        board=str(raw["board"]),
        kind="packed" if project.entrypoint == "packed" else str(raw["app"]),
        optimization=str(raw["optimization"]),
        ram=sums["ram"],
        ram_linked=sums["ram linked"],
        flash=sums["flash"],
        flash_linked=sums["flash linked"],
        exact=sums["flash exact"],
        release=(zephyr.release or "") if zephyr else "",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--boards", nargs="+")
    parser.add_argument("--zephyr", action="store_true", help="on platform zephyr")
    parser.add_argument("--trees", nargs="+", type=Path, metavar="ZEPHYR_BASE")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keeps Zephyr's builds")
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--optimizations", nargs="+", default=("size",), choices=OPTIMIZATIONS)
    parser.add_argument("--json", action="store_true", help="JSON alone")
    arguments = parser.parse_args()
    rows = []
    tars = arguments.models or models()
    with tempfile.TemporaryDirectory() as scratch:
        choice = (arguments.kinds, arguments.optimizations)
        if arguments.zephyr:
            from benchmarks.kept_builds import zephyr_trees

            boards, keep = arguments.boards or ZEPHYR_BOARDS, arguments.keep or Path(scratch)
            keep.mkdir(parents=True, exist_ok=True)
            trees = arguments.trees or zephyr_trees()
            found = measure_zephyr(tars, trees, keep, boards, *choice)
        else:
            found = measure(tars, arguments.boards or BOARDS, *choice)
        for row in found:
            rows.append(row)
            if not arguments.json:
                mark = "" if row.ram_ok and abs(row.flash_error) <= FLASH_SHARE else "  <--"
                print(
                    f"{row.model:20} {row.release:9} {row.board:16} {row.kind:8} "
                    f"{row.optimization:6} ram {row.ram:7} {row.ram - row.ram_linked:+6}"
                    f" flash {row.flash:7} {100 * row.flash_error:+6.1f} %{mark}",
                    flush=True,
                )
    print(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main()
