"""What Zephyr itself takes, before it is configured: kernel, drivers and C library, with our own
code on top.

Measured by release, board, kind of firmware and optimization with `benchmarks/zephyr_size.py`,
which writes zephyr_size.json. What wasn't measured follows what is nearest to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from statistics import mean
from typing import Any

from microtvm_boards.boards import Board, Cpu
from microtvm_boards.platforms.zephyr.board.section import ZephyrSection
from microtvm_boards.platforms.zephyr.options import ZephyrOptions
from microtvm_boards.project.needs.code_size import (
    CodeEstimate,
    architecture,
    estimate_code,
    measured_code,
)
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.plan.draft import Draft

TABLE = Path(__file__).with_name("zephyr_size.json")
MEASURED = "size"  # the optimization that every board was measured with
# Cores that always have an FPU where Zephyr supports them; others say so in their names.
_FPU = ("cortex-m7", "cortex-m55", "cortex-m85")


@dataclass(frozen=True)
class ZephyrBase:
    """Bytes of a firmware of the C interface without model and buffers."""

    flash: int
    ram: int
    stack: int  # deepest chain of calls from main()
    kind: str  # of firmware: minimal, harness or packed
    like: str  # what it was measured on, where that is something else; "" where it is this
    hosted: bool  # a program of this computer
    changed: bool  # by settings of the user's

    @property
    def estimated(self) -> bool:
        return bool(self.like) or self.changed

    @property
    def source(self) -> str:
        """Where its size comes from when that is an estimate, with a comma before it."""
        like = f", estimated from {self.like}" if self.like else ""
        return like + (", without your settings" if self.changed else "")


def short_release(release: str) -> str:
    """Major and minor number: "3.3.0-rc3" is 3.3."""
    return ".".join(release.split(".")[:2])


def zephyr_cpu(target: ZephyrSection) -> Cpu:
    """The core, with a flag that says whether there is an FPU. Compiler flags are Zephyr's."""
    name = target.cpu.removesuffix("f")
    measured = _entry(short_release(target.release or ""), target.board)
    fpu = target.cpu.endswith("f") or name in _FPU if measured is None else measured["fpu"]
    return Cpu(name, ("-mfloat-abi=hard",) if fpu else ())


def base_of(board: Board, options: ProjectOptions) -> ZephyrBase | None:
    """What Zephyr takes in a project; None where nothing was measured: with TVM's own runtime."""
    zephyr = board.section(ZephyrSection)
    if zephyr is None or options.runtime != "own":
        return None
    base = measured_base(zephyr, options.kind, options.optimization)
    own = options.of(ZephyrOptions)
    changed = bool(own.zephyr_config or own.zephyr_conf or own.zephyr_overlay)
    return None if base is None else replace(base, changed=changed)


def on_zephyr(draft: Draft, base: ZephyrBase) -> CodeEstimate | None:
    """As `estimate_code`: what models add on bare metal, on top of what Zephyr takes."""
    zephyr = draft.board.section(ZephyrSection)
    if zephyr is None:
        return None
    cpu, modules = zephyr_cpu(zephyr), draft.modules_with_files
    alike: Mapping[str, Any] = {
        "platform": "baremetal",
        "kind": base.kind,
        "optimization": draft.options.optimization,
    }
    code = estimate_code(modules, cpu, libm=draft.libm, **alike)
    without = measured_code(cpu, **alike)
    if code is None or without is None:
        return None
    libraries = max(0, code.libraries - without.libraries)
    own = base.flash + code.own - without.own
    ours = f"code of ours and Zephyr{base.source or ', estimated'}"
    return CodeEstimate(code.model, own, libraries, ours)


def measured_base(target: ZephyrSection, kind: str, optimization: str) -> ZephyrBase | None:
    """`kind` is minimal, harness or packed. None where there is nothing measured to go by."""
    found = min(_candidates(target, kind), key=lambda c: c[0], default=None)
    if found is None:
        return None
    _, release, board = found
    flash, ram, stack = (
        _size(release, board, what, kind, optimization) for what in ("flash", "ram", "stack")
    )
    same = (release, board) == (short_release(target.release or ""), target.board)
    like = [] if same else [f"{board}, Zephyr {release}"]
    if optimization not in _table()[release][board]["stack"][kind]:
        like.append(f"optimization {MEASURED}")
    hosted = target.posix
    return ZephyrBase(flash, ram, stack, kind, ", ".join(like), hosted, changed=False)


def _candidates(target: ZephyrSection, kind: str) -> Iterator[tuple[tuple[Any, ...], str, str]]:
    """(distance, release, board) of what was measured: the board itself with a near release goes
    before a board with the same SoC, and that before one with the same core."""
    mine = _number(target.release or "")
    core = architecture(Cpu(target.cpu.removesuffix("f"), ()))
    for release, boards in _table().items():
        for board, entry in boards.items():
            hosted = entry["cpu"] == ""
            if hosted != (target.posix) or MEASURED not in entry["stack"].get(kind, {}):
                continue
            other = architecture(Cpu(entry["cpu"].removesuffix("f"), ()))
            apart = (board != target.board, entry["soc"] != target.soc, other != core)
            yield (*apart, abs(mine - _number(release)), board), release, board


def _number(release: str) -> int:
    """Releases in their order; major ones far apart."""
    numbers = [int(number) for number in re.findall(r"\d+", release)]
    return 1000 * numbers[0] + numbers[1] if len(numbers) > 1 else 0


def _size(release: str, board: str, what: str, kind: str, optimization: str) -> int:
    sizes = _table()[release][board][what][kind]
    if optimization in sizes:
        return int(sizes[optimization])
    shares = [
        entry[what][kind][optimization] / entry[what][kind][MEASURED]
        for boards in _table().values()
        for entry in boards.values()
        if optimization in entry[what].get(kind, {}) and entry[what][kind][MEASURED]
    ]
    return round(sizes[MEASURED] * mean(shares)) if shares else int(sizes[MEASURED])


def _entry(release: str, board: str) -> dict[str, Any] | None:
    entry: dict[str, Any] | None = _table().get(release, {}).get(board)
    return entry


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(TABLE.read_text())
    return table
