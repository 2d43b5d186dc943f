"""Trials of a tuning in an hour, against a build and flash for each, on the same computer.

    python benchmarks/tune.py [--quick] [--json]

The kernels are AutoTVM's for a convolution of MLPerf Tiny's keyword spotter (1x1, 64 channels,
25x5), random configurations, the same in each line. Counted are those that were measured while all
cores and boards were busy; making them is part of it. Lines:
host               this computer
mps2_an386         QEMU, bare metal
mps2_an385, zephyr QEMU, where there is a Zephyr tree; not with --quick
... rebuild        the same with a build and flash for each kernel (tuning_load=rebuild)
... N boards       as many emulators, on a larger convolution (3x3, 64 channels, 64x64): with the
                   small one, two cores are busy with building already; not with --quick

build, load, run, check: share of what trials spent there. times: against "rebuild" of that board,
or against one board.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.platforms.zephyr.board.tree import look_for_zephyr
from microtvm_boards.project import parse_options
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.tuning.host.kernel_host import KernelHost
from microtvm_boards.tuning.trials.candidate import KernelCandidate
from microtvm_boards.tuning.trials.log import Trial, TrialLog
from microtvm_boards.tuning.trials.trials import TrialOptions, Trials

TARGET = "c -keys=arm_cpu,cpu -mcpu=cortex-m4"
TEMPLATE = "conv2d_nhwc_spatial_pack.arm_cpu"
PHASES = ("build", "load", "run", "check")


@dataclass(frozen=True)
class Line:
    board: str
    platform: str | None = None
    load: str = "auto"
    boards: int = 1
    large: bool = False

    @property
    def name(self) -> str:
        words = [self.board, self.platform or ""]
        words += ["rebuild"] if self.load == "rebuild" else []
        words += [f"{self.boards} board{'s' * (self.boards > 1)}"] if self.large else []
        return " ".join(filter(None, words))

    @property
    def rival(self) -> Line:
        """What it is compared with."""
        return replace(self, boards=1) if self.large else replace(self, load="rebuild")


@dataclass(frozen=True)
class Row:
    line: str
    mode: str
    prepared_s: float  # making the kernel host, or finding it in the cache
    trials: int
    failed: int
    seconds: float
    an_hour: float
    shares: dict[str, float]
    times: float | None = None


def workload(*, large: bool) -> tuple[Any, ...]:
    size, channels, kernel = ((64, 64), 64, 3) if large else ((25, 5), 64, 1)
    pad = kernel // 2
    data = ("TENSOR", (1, *size, channels), "int16")
    weights = ("TENSOR", (kernel, kernel, channels, channels), "int16")
    return (TEMPLATE, data, weights, (1, 1), (pad,) * 4, (1, 1), "int32")


def measure(line: Line, seconds: float, least: int, directory: Path) -> Row:
    """Trials for `seconds`, and at least `least`."""
    from microtvm_boards.relay.tuning import autotvm_space
    from microtvm_boards.relay.tuning.knobs import config_json

    values: dict[str, object] = {
        "board": line.board,
        "model_entrypoint_api": "packed",
        "optimization": "speed",
        "tuning_load": line.load,
    }
    if line.platform:
        values["platform"] = line.platform
    began = time.monotonic()
    host = KernelHost.prepare(parse_options(values, "generate_project"))
    prepared = time.monotonic() - began
    task = autotvm_space.create_task(workload(large=line.large), TARGET)
    operator = autotvm_space.operator("convolution", task)
    space = autotvm_space.AutotvmSpace((), {"convolution": (task.workload, TARGET)}, {})
    devices = [DeviceOptions()] * line.boards
    rng = random.Random(1)

    def candidates() -> Iterator[KernelCandidate]:
        given = 0
        while given < least or time.monotonic() < end:
            entity = task.config_space.get(rng.randrange(len(task.config_space)))
            given += 1
            yield KernelCandidate("convolution", config_json(entity))

    cores = os.cpu_count() or 1
    with (
        TrialLog.open(directory / f"{line.name}.log", {"line": line.name}) as log,
        Trials(host, devices, log, make=space.make, options=TrialOptions(workers=cores)) as trials,
    ):
        trials.begin(operator)
        # The first ones start processes, and find cores and boards idle.
        first = 0 if line.load == "rebuild" else cores + 2 * line.boards + 1
        began = last = time.monotonic()
        end = began if first == 0 else math.inf
        done: list[Trial] = []
        for number, trial in enumerate(trials.run(operator, candidates()), start=1):
            now = time.monotonic()
            if number == first:
                began = last = now
                end = began + seconds
            elif number > first and (now < end or len(done) < least):
                last = now
                done.append(trial)
    spent = last - began
    good = [trial for trial in done if trial.good]
    phases: Counter[str] = Counter()
    for trial in good:
        phases.update({name: trial.seconds.get(name, 0.0) for name in PHASES})
    total = sum(phases.values()) or 1.0
    return Row(
        line.name,
        host.mode,
        round(prepared, 2),
        len(good),
        len(done) - len(good),
        round(spent, 2),
        round(3600 * len(good) / spent, 1),
        {name: round(phases[name] / total, 3) for name in PHASES},
    )


def lines(quick: bool) -> list[Line]:
    found = [Line("host", load="rebuild"), Line("host")]
    if not all(map(shutil.which, ("qemu-system-arm", "arm-none-eabi-gcc"))):
        print("no qemu-system-arm or arm-none-eabi-gcc: host alone", file=sys.stderr)
        return found
    board = "mps2_an386"
    found += [Line(board, load="rebuild"), Line(board)]
    if not quick:
        found += [Line(board, large=True), Line(board, large=True, boards=4)]
        if look_for_zephyr(None) is None:
            print("no Zephyr tree: without its lines", file=sys.stderr)
        else:
            board = "mps2_an385"
            found += [Line(board, "zephyr", load="rebuild"), Line(board, "zephyr")]
    return found


def run(quick: bool) -> Iterator[Row]:
    an_hour: dict[Line, float] = {}
    with tempfile.TemporaryDirectory(prefix="microtvm-boards-") as scratch:
        for line in lines(quick):
            slow = line.load == "rebuild"
            seconds = (0.0 if slow else 6.0) if quick else (20.0 if slow else 45.0)
            seconds *= 2 if line.large else 1  # few trials
            row = measure(line, seconds, 2 if quick else 4, Path(scratch))
            an_hour[line] = row.an_hour
            rival = an_hour.get(line.rival) if line.rival != line else None
            yield replace(row, times=round(row.an_hour / rival, 2) if rival else None)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="within a minute")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if importlib.util.find_spec("tvm") is None:
        raise SystemExit("This needs TVM: pip install 'microtvm-boards[tvm]'")
    rows = []
    head = f"{'line':28} {'mode':8} {'trials':>6} {'an hour':>8} {'times':>6}  " + " ".join(
        f"{name:>5}" for name in PHASES
    )
    if not arguments.json:
        print(head)
    try:
        for row in run(arguments.quick):
            rows.append(row)
            if not arguments.json:
                shares = " ".join(f"{row.shares[name]:5.0%}" for name in PHASES)
                times = "" if row.times is None else f"{row.times:.1f}"
                print(
                    f"{row.line:28} {row.mode:8} {row.trials:6} {row.an_hour:8,.0f} {times:>6}  "
                    f"{shares}",
                    flush=True,
                )
    except MicroTvmBoardsError as error:
        raise SystemExit(str(error)) from error
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    main()
