"""What a firmware adds on Zephyr to hello_world and the model, in bytes; with --times how long
its builds take instead. Upstream's template (TVM v0.18) is beside it, as measured on one machine.

    python benchmarks/zephyr.py [--json] [--times] [--board B ...] [--libc L ...]

The model is the demo's: two convolutions and a dense layer, int8. Entry point `packed` is
upstream's project type host_driven, `c` is aot_standalone_demo. Columns, of flash and of RAM:

firmware   all that is linked, with what is copied from flash to RAM in both
hello      Zephyr's samples/hello_world on that board, as it comes (never with another C library)
model      what TVM generated (model/), its constants and its tensors
buffers    tensor heap, packet buffer and the receive ring of packets: sizes are options
stack      main thread's; hello is without its own
added      firmware - hello - model - buffers - stack

Upstream's model is another one of the same kind, and what part it has in its firmware isn't known:
`beyond` is firmware - hello, which compares, of ours with the model and its buffers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.firmware.footprint import footprint
from microtvm_boards.firmware.memory_use import memory_use
from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.zephyr import build as zephyr_build
from microtvm_boards.platforms.zephyr.board.tree import ZephyrTree, find_zephyr
from microtvm_boards.project import Project, create, parse_options

ROOT = Path(__file__).resolve().parent.parent
MODELS = {kind: ROOT / "examples" / "digits" / f"digits_{kind}.tar" for kind in ("packed", "c")}
BOARDS = ("qemu_cortex_m3", "mps2_an521")
DEFAULT = "minimal"  # what our Kconfig takes for a model that calls nothing of math.h
LIBCS = {
    DEFAULT: (),
    "newlib": ("CONFIG_NEWLIB_LIBC=y", "CONFIG_NEWLIB_LIBC_NANO=n"),
    "newlib-nano": ("CONFIG_NEWLIB_LIBC=y", "CONFIG_NEWLIB_LIBC_NANO=y"),
    "picolibc": ("CONFIG_PICOLIBC=y",),
}
# TVM v0.18's template, as the linker reports it: flash and RAM in bytes. Its RAM holds a heap of
# 216 KiB on mps2_an521, a workspace of 16 KiB on qemu_cortex_m3.
UPSTREAM = {
    ("qemu_cortex_m3", "newlib", "packed"): (100152, 32752),
    ("qemu_cortex_m3", "newlib", "c"): (55479, 30756),
    ("qemu_cortex_m3", "newlib-nano", "packed"): (69408, 30288),
    ("qemu_cortex_m3", "newlib-nano", "c"): (28115, 28340),
    ("qemu_cortex_m3", "picolibc", "packed"): (67872, 30288),
    ("qemu_cortex_m3", "picolibc", "c"): (22199, 28212),
    ("mps2_an521", "newlib", "packed"): (103792, 232 * 1024),
    ("mps2_an521", "newlib", "c"): (58560, 235580),
}
# Seconds on mps2_an521, both ends of a range.
UPSTREAM_TIMES = {
    "create": (0.5, 0.5),
    "first build": (17.0, 22.0),
    "no-op build": (0.5, 0.5),
    "one kernel changed": (2.2, 3.0),
}
YARDSTICK = "hello_world"  # Zephyr's own first build, on the same computer at the same time
_STACK = "z_main_stack"
_BUFFERS = {"packed": ("packet", "memory", "ring"), "c": ()}


@dataclass(frozen=True)
class Row:
    """Bytes in flash or RAM."""

    board: str
    libc: str
    entry: str
    memory: str
    firmware: int
    hello: int
    model: int
    buffers: int
    stack: int
    upstream: int | None  # the whole firmware

    @property
    def added(self) -> int:
        return self.firmware - self.hello - self.model - self.buffers - self.stack

    @property
    def beyond(self) -> int:
        return self.firmware - self.hello

    @property
    def upstream_beyond(self) -> int | None:
        return None if self.upstream is None else self.upstream - self.hello


@dataclass(frozen=True)
class Times:
    """Seconds by step."""

    board: str
    entry: str
    seconds: dict[str, float]


def make(entry: str, board: str, directory: Path, libc: str = DEFAULT) -> Project:
    """A project of the demo's model, not built."""
    options = {"board": board, "platform": "zephyr", "model_entrypoint_api": entry}
    raw: dict[str, object] = {**options, "zephyr_config": list(LIBCS[libc])}
    return create(MODELS[entry], directory, parse_options(raw, "generate_project"))


def hello_world(like: Project, tree: ZephyrTree, build_dir: Path) -> Counter[str]:
    """Bytes of Zephyr's sample, configured as it comes, for the board of a built project.

    Without the main thread's stack. Raises SystemExit with the tool's words when it doesn't build.
    """
    command = zephyr_build.configure_command(like, tree)
    command[command.index("-S") + 1] = str(tree.base / "samples" / "hello_world")
    command[command.index("-B") + 1] = str(build_dir)
    toolchain = zephyr_build.find_toolchain(like.board, tree)
    environment = {**os.environ, **zephyr_build.environment(tree, toolchain)}
    for step in (command, ["cmake", "--build", str(build_dir)]):
        done = subprocess.run(step, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"hello_world: {' '.join(step)}\n{done.stdout}{done.stderr}")
    memories = get_platform("zephyr").memories(like)
    elf = build_dir / "zephyr" / "zephyr.elf"
    sizes = Counter({use.memory: use.used_bytes for use in memory_use(elf, memories)})
    sizes["RAM"] -= _symbol_size(elf, _STACK)
    return sizes


def _symbol_size(elf: Path, name: str) -> int:
    from elftools.elf.elffile import ELFFile

    with elf.open("rb") as file:
        table: Any = ELFFile(file).get_section_by_name(".symtab")
        (symbol,) = table.get_symbol_by_name(name)
        return int(symbol["st_size"])


def rows_of(project: Project, entry: str, libc: str, hello: Counter[str]) -> list[Row]:
    """Flash and RAM of a built project."""
    platform = get_platform("zephyr")
    board = project.board.name
    pieces = footprint(project, platform.firmware(project), platform.memories(project))
    symbols = {piece.symbol for piece in pieces if piece.memory == "RAM"}
    if missing := {_STACK, *_BUFFERS[entry]} - symbols:
        raise SystemExit(f"{board} {entry}: no symbol {', '.join(sorted(missing))}")
    rows = []
    for index, memory in enumerate(("FLASH", "RAM")):
        sizes: Counter[str] = Counter()
        for piece in pieces:
            if piece.memory != memory:
                continue
            kind = "model" if piece.part == "model" else "rest"
            if memory == "RAM" and piece.symbol == _STACK:
                kind = "stack"
            elif memory == "RAM" and piece.symbol in _BUFFERS[entry]:
                kind = "buffers"
            sizes[kind] += piece.size
        upstream = UPSTREAM.get((board, libc, entry))
        rows.append(
            Row(
                board,
                libc,
                entry,
                memory,
                firmware=sizes.total(),
                hello=hello[memory],
                model=sizes["model"],
                buffers=sizes["buffers"],
                stack=sizes["stack"],
                upstream=None if upstream is None else upstream[index],
            )
        )
    return rows


def measure(boards: Sequence[str], libcs: Sequence[str], scratch: Path) -> list[Row]:
    rows: list[Row] = []
    tree = find_zephyr(None, Path.cwd())
    for board in boards:
        hello: Counter[str] | None = None
        for libc in libcs:
            for entry in MODELS:
                project = make(entry, board, scratch / f"{board}-{libc}-{entry}", libc)
                try:
                    get_platform("zephyr").build(project)
                except MicroTvmBoardsError as error:
                    print(f"{board} {libc} {entry}: {error.cause}", file=sys.stderr)
                    continue
                if hello is None:
                    hello = hello_world(project, tree, scratch / f"{board}-hello")
                rows += rows_of(project, entry, libc, hello)
                print(f"measured {board} {libc} {entry}", file=sys.stderr)
    return rows


def measure_times(board: str, entry: str, scratch: Path) -> Times:
    """Each step once; the kernel is changed by a comment, so the firmware stays the same."""
    platform = get_platform("zephyr")
    seconds: dict[str, float] = {}

    start = time.monotonic()
    project = make(entry, board, scratch / f"{board}-{entry}-times")
    seconds["create"] = time.monotonic() - start
    for step in ("first build", "no-op build", "one kernel changed"):
        if step == "one kernel changed":
            kernel = max((project.directory / "model").rglob("*.c"), key=lambda p: p.stat().st_size)
            kernel.write_text(kernel.read_text() + "/* changed */\n")
        start = time.monotonic()
        platform.build(project)
        seconds[step] = time.monotonic() - start
    start = time.monotonic()
    tree = find_zephyr(None, Path.cwd())
    hello_world(project, tree, scratch / f"{board}-{entry}-hello")
    seconds[YARDSTICK] = time.monotonic() - start
    return Times(board, entry, {step: round(value, 2) for step, value in seconds.items()})


def footprint_table(rows: Sequence[Row]) -> str:
    columns = ["firmware", "hello", "model", "buffers", "stack", "added", "beyond"]
    columns += ["upstream", "upstream_beyond"]
    head = f"{'board':15} {'libc':12} {'entry':7} {'memory':6}"
    lines = [head + "".join(f" {column:>{max(8, len(column))}}" for column in columns)]
    for row in rows:
        line = f"{row.board:15} {row.libc:12} {row.entry:7} {row.memory:6}"
        for column in columns:
            value = getattr(row, column)
            line += f" {'-' if value is None else value:>{max(8, len(column))}}"
        lines.append(line)
    return "\n".join(lines)


def times_table(times: Sequence[Times]) -> str:
    steps = [*UPSTREAM_TIMES, YARDSTICK]
    lines = [f"{'board':15} {'entry':9}" + "".join(f" {step:>19}" for step in steps)]
    for row in times:
        cells = "".join(f" {row.seconds[step]:>17.2f} s" for step in steps)
        lines.append(f"{row.board:15} {row.entry:9}{cells}")
    ranges = [f"{a} to {b} s" if a < b else f"{a} s" for a, b in UPSTREAM_TIMES.values()]
    cells = "".join(f" {text:>19}" for text in [*ranges, "-"])
    lines.append(f"{'mps2_an521':15} {'upstream':9}{cells}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--board", action="append", help="one of Zephyr's; can be repeated")
    parser.add_argument("--libc", action="append", choices=list(LIBCS), help="can be repeated")
    parser.add_argument("--times", action="store_true", help="times of builds, not sizes")
    parser.add_argument("--json", action="store_true", help="JSON alone")
    arguments = parser.parse_args()
    boards = arguments.board or BOARDS
    with tempfile.TemporaryDirectory() as folder:
        try:
            if arguments.times:
                times = [measure_times(b, entry, Path(folder)) for b in boards for entry in MODELS]
                table, document = times_table(times), [asdict(row) for row in times]
            else:
                rows = measure(boards, arguments.libc or list(LIBCS), Path(folder))
                table = footprint_table(rows)
                document = [
                    {**asdict(row), "added": row.added, "beyond": row.beyond} for row in rows
                ]
        except MicroTvmBoardsError as error:
            raise SystemExit(f"{error.cause}\nTry: {error.hint}") from error
    if not arguments.json:
        print(table)
    print(json.dumps(document))


if __name__ == "__main__":
    main()
