"""What each operator of a model costs on the device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from microtvm_boards.analysis.generated_inputs import random_sample
from microtvm_boards.analysis.macs import macs_of_calls
from microtvm_boards.analysis.tracing import (
    ALL_TICKS,
    Hook,
    build_traced,
    has_tvms_server,
    require_answers,
    start,
)
from microtvm_boards.analysis.watched import is_graph, start_graph
from microtvm_boards.errors import OperatorsUnseenError
from microtvm_boards.harness import RunResult
from microtvm_boards.model.schedule import OperatorCall, Schedule
from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.base import ANY_DEVICE, Progress
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project
from microtvm_boards.project.write.trace import TracedProject
from microtvm_boards.run import clock_hz_of, run_samples, running

if TYPE_CHECKING:
    from microtvm_boards.model.arrays import Array


_NANOSECONDS = 1_000_000_000  # where firmware says seconds, and its clock isn't known
_HOST_HARNESS = 1_000_000  # ticks a second of the harness on this computer


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
    live_bytes: int | None  # see Schedule.live_bytes


@dataclass(frozen=True)
class Profile:
    model: str
    board: str
    clock_hz: int | None  # ticks a second; None: not known
    runs: int
    operators: tuple[OperatorCost, ...]  # none: see `unseen`
    total_ticks: float  # of one run: operators and what is between them
    between_ticks: float | None  # preparing arguments, checks; None: nothing is measured there
    # The same run on the project's own firmware; None where that isn't exact (not emulated).
    untraced_ticks: float | None
    workspace_bytes: int  # as TVM counts them
    unseen: str = ""  # why the operators can't be told apart
    flashed: bool = False  # firmware that traces operators was brought onto the device


def profile(
    project: Project,
    model: int = 0,
    *,
    runs: int = 3,
    device: DeviceOptions = ANY_DEVICE,
    timeout: float = 60.0,
    progress: Progress | None = None,
) -> Profile:
    """Measures `runs` inferences of random inputs: on firmware of its own, in build/trace; with
    TVM's own RPC server on the project's, a graph operator by operator. Where the operators can't
    be told apart, the model as a whole.

    The project has to be built. Raises ProjectError for firmware that doesn't answer, BuildError,
    and as the device does.
    """
    require_answers(project)
    get_platform(project.platform).firmware(project)
    measuring = _Measuring(project, model, runs, device, timeout)
    if has_tvms_server(project) and is_graph(project, model):
        return measuring.graph()
    try:
        traced = build_traced(project, progress)
        traced.model(model)
    except OperatorsUnseenError as error:
        return measuring.whole(error.cause)
    return measuring.traced(traced, progress)


class _Measuring:
    def __init__(
        self, project: Project, model: int, runs: int, device: DeviceOptions, timeout: float
    ) -> None:
        inputs = project.models[model].inputs
        self.project = project
        self.model = model
        self.device = device
        self.timeout = timeout
        self.samples = [random_sample(inputs, seed).inputs for seed in range(runs)]

    def traced(self, traced: TracedProject, progress: Progress | None) -> Profile:
        own = traced.model(self.model)
        count = len(own.schedule.calls)
        calls: list[list[float]] = []
        totals: list[float] = []
        with start(traced, self.device, timeout=self.timeout, progress=progress) as running:
            for sample in self.samples:
                running.run(sample, self.model, ALL_TICKS)
                values = running.values()[own.first : own.first + count]
                total, hook = running.total_and_hook()
                calls.append([max(0.0, value - hook.counted) for value in values])
                totals.append(_without(total, hook, count))
        untraced = None
        if self._is_exact():
            untraced = _ticks(self._run(self.samples[:1])[0], hook.clock_hz)
        found = self._profile(
            own.schedule, calls, hook.clock_hz, whole=median(totals), untraced=untraced
        )
        return replace(found, flashed=True)

    def graph(self) -> Profile:
        """A graph that this computer drives: nothing on the device is between its operators."""
        rate = clock_hz_of(self.project.board) or _NANOSECONDS
        start_it = start_graph(self.project, self.model, self.device, timeout=self.timeout)
        with start_it as running:
            calls = [[s * rate for s in running.seconds(sample)] for sample in self.samples]
            schedule = running.schedule
        return self._profile(schedule, calls, rate)

    def whole(self, reason: str) -> Profile:
        board = self.project.board
        rate = clock_hz_of(board)
        if self.project.entrypoint == "packed":
            rate = rate or _NANOSECONDS
        elif board.hosted:
            rate = _HOST_HARNESS
        ticks = [_ticks(run, rate or 0) for run in self._run(self.samples)]
        none = Schedule(self.project.models[self.model].name, (), (), "")
        total = median(ticks)
        untraced = total if self._is_exact() else None
        return self._profile(none, [], rate, whole=total, untraced=untraced, unseen=reason)

    def _run(self, samples: Sequence[Mapping[str, Array]]) -> list[RunResult]:
        with running(self.project, self.device, timeout=self.timeout) as firmware:
            return run_samples(firmware, samples, self.model, timed=True)

    def _is_exact(self) -> bool:
        """Whether time follows instructions, so that two runs can be compared."""
        emulator = self.project.board.emulator
        return emulator is not None and emulator.icount is not None

    def _profile(
        self,
        schedule: Schedule,
        calls: Sequence[Sequence[float]],
        clock_hz: int | None,
        *,
        whole: float | None = None,
        untraced: float | None = None,
        unseen: str = "",
    ) -> Profile:
        """`calls`: ticks of each operator, run by run; `whole`: of a run, where that is measured"""
        ticks = [median(column) for column in zip(*calls, strict=True)]
        total = max(whole or 0.0, sum(ticks))
        macs = macs_of_calls(self.project, self.model, schedule)
        return Profile(
            model=self.project.models[self.model].name,
            board=self.project.board.name,
            clock_hz=clock_hz,
            runs=len(self.samples),
            operators=tuple(
                _cost(schedule, call, ticks[call.number], total, macs[call.number])
                for call in schedule.calls
            ),
            total_ticks=total,
            between_ticks=None if whole is None or not ticks else total - sum(ticks),
            untraced_ticks=untraced,
            workspace_bytes=self.project.models[self.model].workspace_bytes,
            unseen=unseen,
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
        read_bytes=None
        if None in read or call.in_object
        else sum(n or 0 for n in read) + call.constants_bytes,
        written_bytes=None if None in written else sum(n or 0 for n in written),
        live_bytes=schedule.live_bytes(call.number),
    )


def _ticks(run: RunResult, clock_hz: int) -> float:
    return float(run.ticks) if run.seconds is None else run.seconds * clock_hz
