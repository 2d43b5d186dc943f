"""What each operator of a model costs on the device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from microtvm_boards.analysis.inputs import random_sample
from microtvm_boards.analysis.macs import macs_of_calls
from microtvm_boards.analysis.running import run_samples
from microtvm_boards.analysis.tracing import ALL_TICKS, Hook, build_traced, require_traceable, start
from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.base import ANY_DEVICE, Progress
from microtvm_boards.project.device_options import DeviceOptions
from microtvm_boards.project.manifest import Project
from microtvm_boards.project.schedule import OperatorCall, Schedule

if TYPE_CHECKING:
    from microtvm_boards.mlf.arrays import Array


@dataclass(frozen=True)
class OperatorCost:
    """One call of an operator. Ticks are without what measuring them took."""

    number: int
    function: str
    ticks: float  # the median of all runs
    share: float  # of Profile.total_ticks, 0 to 1
    macs: int | None  # None: not known; 0: no convolution or dense layer
    read_bytes: int | None  # of its inputs and constants; None: not known
    written_bytes: int | None
    live_bytes: int  # see Schedule.live_bytes


@dataclass(frozen=True)
class Profile:
    model: str
    board: str
    clock_hz: int  # ticks a second
    runs: int
    operators: tuple[OperatorCost, ...]
    total_ticks: float  # of one run: operators and what is between them
    between_ticks: float  # preparing arguments, checks
    # The same run on the project's own firmware; None where that isn't exact (not emulated).
    untraced_ticks: float | None
    workspace_bytes: int  # as TVM counts them


def profile(
    project: Project,
    model: int = 0,
    *,
    runs: int = 3,
    device: DeviceOptions = ANY_DEVICE,
    timeout: float = 60.0,
    progress: Progress | None = None,
) -> Profile:
    """Measures `runs` inferences of random inputs on firmware of its own, in build/trace.

    The project has to be built. Raises ProjectError or ModelError when operators can't be told
    apart, BuildError, and as the device does.
    """
    require_traceable(project)
    get_platform(project.platform).firmware(project)
    traced = build_traced(project, progress)
    own = traced.models[model]
    schedule = own.schedule
    samples = [random_sample(project.models[model].inputs, seed) for seed in range(runs)]
    calls: list[list[float]] = []
    totals: list[float] = []
    with start(traced, device, timeout=timeout, progress=progress) as running:
        for sample in samples:
            running.run(sample.inputs, model, ALL_TICKS)
            values = running.values()[own.first : own.first + len(schedule.calls)]
            total, hook = running.total_and_hook()
            calls.append([max(0.0, value - hook.counted) for value in values])
            totals.append(_without(total, hook, len(values)))
    ticks = [median(column) for column in zip(*calls, strict=True)]
    total_ticks = max(median(totals), sum(ticks))
    macs = macs_of_calls(project, schedule)
    return Profile(
        model=project.models[model].name,
        board=project.board.name,
        clock_hz=hook.clock_hz,
        runs=runs,
        operators=tuple(
            _cost(schedule, call, ticks[call.number], total_ticks, macs[call.number])
            for call in schedule.calls
        ),
        total_ticks=total_ticks,
        between_ticks=total_ticks - sum(ticks),
        untraced_ticks=_untraced(project, model, samples[0].inputs, device, timeout, hook),
        workspace_bytes=project.manifest["models"][model]["workspace_bytes"],
    )


def _without(total: int, hook: Hook, calls: int) -> float:
    """The ticks of a run without what tracing added."""
    return max(0.0, total - calls * hook.per_call)


def _cost(
    schedule: Schedule, call: OperatorCall, ticks: float, total: float, macs: int | None
) -> OperatorCost:
    read = [schedule.values[v].size_bytes for v in call.reads]
    written = [schedule.values[v].size_bytes for _, v in call.writes]
    return OperatorCost(
        number=call.number,
        function=call.function,
        ticks=ticks,
        share=ticks / total if total else 0.0,
        macs=macs,
        read_bytes=None if None in read else sum(n or 0 for n in read) + call.constants_bytes,
        written_bytes=None if None in written else sum(n or 0 for n in written),
        live_bytes=schedule.live_bytes(call.number),
    )


def _untraced(
    project: Project,
    model: int,
    inputs: Mapping[str, Array],
    device: DeviceOptions,
    timeout: float,
    hook: Hook,
) -> float | None:
    emulator = project.board.emulator
    if emulator is None or emulator.icount is None:
        return None
    (run,) = run_samples(project, model, [inputs], device, timeout=timeout, timed=True)
    return float(run.ticks) if run.ticks is not None else (run.seconds or 0.0) * hook.clock_hz
