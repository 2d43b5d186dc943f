"""What `create` predicts against what the linker says: RAM, and flash with its estimate of code.

    python benchmarks/preflight.py [--json] [--boards B ...] [--optimizations O ...] [MODEL.tar ...]

Without models: the demo's and the fixtures' libraries. Shared models are compiled by the tests
(tests/end_to_end/test_preflight.py) where TVM is there; pass their tars to have them here.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from microtvm_boards.errors import ProjectError
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import create, parse_options

ROOT = Path(__file__).resolve().parent.parent
BOARDS = ("microbit", "mps2_an385", "mps2_an386", "mps2_an500", "mps2_an505", "mps3_an547")
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

    @property
    def ram_ok(self) -> bool:
        over = self.ram - self.ram_linked
        return 0 <= over <= max(RAM_BYTES, RAM_SHARE * self.ram_linked)

    @property
    def flash_error(self) -> float:
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
                        row = _row(tar, board, kind, optimization, Path(folder) / "project")
                    if row is not None:
                        yield row


def _row(tar: Path, board: str, kind: str, optimization: str, directory: Path) -> Row | None:
    raw: dict[str, object] = {"board": board, "optimization": optimization}
    raw |= {"stack_size_bytes": 1024} if board == "microbit" else {}
    c = {"model_entrypoint_api": "c", "app": kind}
    raw |= {"model_entrypoint_api": "packed"} if kind == "packed" else c
    try:
        project = create(tar, directory, parse_options(raw, "generate_project"))
    except ProjectError:
        return None  # it doesn't fit
    result = get_platform(project.platform).build(project)
    used = {m.memory: m.used_bytes for m in result.memory}
    flash, ram = project.board.memory_for("flash"), project.board.memory_for("ram")
    if flash is None or ram is None:
        return None
    needs = project.manifest["memory"]

    def total(memory: str, *, exact: bool = False) -> int:
        return sum(
            n["size_bytes"]
            for n in needs
            if n["memory"] == memory and not (exact and n["estimate"])
        )

    return Row(
        model=tar.stem,
        board=board,
        kind=kind,
        optimization=optimization,
        ram=total(ram.name),
        ram_linked=used[ram.name],
        flash=total(flash.name),
        flash_linked=used[flash.name],
        exact=total(flash.name, exact=True),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", type=Path)
    parser.add_argument("--boards", nargs="+", default=BOARDS)
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--optimizations", nargs="+", default=("size",), choices=OPTIMIZATIONS)
    parser.add_argument("--json", action="store_true", help="JSON alone")
    arguments = parser.parse_args()
    rows = []
    for row in measure(
        arguments.models or models(), arguments.boards, arguments.kinds, arguments.optimizations
    ):
        rows.append(row)
        if not arguments.json:
            mark = "" if row.ram_ok and abs(row.flash_error) <= FLASH_SHARE else "  <--"
            print(
                f"{row.model:20} {row.board:12} {row.kind:8} {row.optimization:6}"
                f" ram {row.ram:7} {row.ram - row.ram_linked:+6}"
                f" flash {row.flash:7} {100 * row.flash_error:+6.1f} %{mark}",
                flush=True,
            )
    print(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main()
