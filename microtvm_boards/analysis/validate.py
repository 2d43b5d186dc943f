"""Whether a model computes the same on the device as on this computer, and if not, where it
starts to differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from microtvm_boards.analysis.compare import Comparison, compare
from microtvm_boards.analysis.generated_inputs import Sample
from microtvm_boards.analysis.host_build import Reference, build_reference
from microtvm_boards.analysis.tracing import require_answers
from microtvm_boards.analysis.watched import Watched, WatchedFirmware, watch, watch_traced
from microtvm_boards.errors import (
    BuildError,
    MicroTvmBoardsError,
    ModelError,
    OperatorsUnseenError,
)
from microtvm_boards.model.schedule import OperatorCall, Schedule, Value
from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.base import ANY_DEVICE, Progress
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project
from microtvm_boards.run import run_samples, running

if TYPE_CHECKING:
    from microtvm_boards.model.arrays import Array

Outputs = Mapping[str, "Array"]
DEFAULT_ULPS = 16.0
_THIS_COMPUTER = "the same model on this computer"
# Why outputs differ when no operator does: against the same code for this computer, against others.
_BUILD = (
    "Every operator agrees in firmware that traces them: the cause is not in one operator, but in "
    "memory, stack or how the compiler put the whole together."
)
_COMPILED = (
    "Every operator agrees with the same model library compiled for this computer: the library "
    "itself gives other outputs than these, or the firmware does so without being traced."
)


@dataclass(frozen=True)
class SampleResult:
    name: str
    outputs: tuple[Comparison, ...]  # in the model's order

    @property
    def agrees(self) -> bool:
        return all(output.agrees for output in self.outputs)


@dataclass(frozen=True)
class FirstDifference:
    """The first call whose output differs though all before it agree; None: see `reason`."""

    sample: str
    call: int | None
    function: str | None
    tensor: Comparison | None
    reason: str  # why none is named, or what limits the answer; "" when there is nothing to say
    flashed: bool = False  # firmware that traces operators was brought onto the device


@dataclass(frozen=True)
class Validation:
    model: str
    board: str
    against: str  # what the outputs were compared with
    samples: tuple[SampleResult, ...]
    first_difference: FirstDifference | None

    @property
    def agrees(self) -> bool:
        return all(sample.agrees for sample in self.samples)

    @property
    def flashed(self) -> bool:
        """Whether firmware that traces operators was brought onto the device."""
        return self.first_difference is not None and self.first_difference.flashed


@dataclass(frozen=True)
class Settings:
    """How: which device, seconds for each of its answers, what floats may be off."""

    device: DeviceOptions = ANY_DEVICE
    timeout: float = 60.0
    ulps: float = DEFAULT_ULPS
    progress: Progress | None = None
    step: Callable[[], None] = lambda: None


def validate(
    project: Project,
    model: int,
    samples: Sequence[Sample],
    expected: Sequence[Outputs] | None = None,
    settings: Settings = Settings(),
    against: str = "expected outputs",
) -> Validation:
    """Runs `samples` on the project's own firmware, which has to be built (and flashed, on
    hardware), and compares with `expected` (of `against`), by default the outputs of the same model
    compiled for this computer.

    Where they differ, both run once more with firmware that traces operators. Raises ProjectError
    for a project that can't be run, and as building and the device do.
    """
    require_answers(project)
    get_platform(project.platform).firmware(project)
    if expected is None:
        against = _THIS_COMPUTER
        expected = _on_host(_reference(project, model, settings), samples, settings)
    with running(project, settings.device, timeout=settings.timeout) as firmware:
        inputs = [sample.inputs for sample in samples]
        runs = run_samples(firmware, inputs, model, step=settings.step)
    results = tuple(
        SampleResult(sample.name, _compare_all(run.outputs, wanted, settings.ulps))
        for sample, run, wanted in zip(samples, runs, expected, strict=True)
    )
    bad = next((i for i, result in enumerate(results) if not result.agrees), None)
    first = None
    if bad is not None:
        cause = _BUILD if against == _THIS_COMPUTER else _COMPILED
        first = _locate(project, model, samples[bad], settings, cause)
    return Validation(project.models[model].name, project.board.name, against, results, first)


def _reference(project: Project, model: int, settings: Settings) -> Reference:
    try:
        return build_reference(project, model, settings.progress)
    except (ModelError, BuildError) as error:
        raise ModelError(
            f"Model {project.models[model].name} can't be compiled for this computer, to compare "
            "with: " + error.cause,
            details=error.details,
            log=error.log,
            hint="--inputs and --expected with outputs that are known, or --reference with the "
            "trained model, which TVM then runs",
        ) from error


def _on_host(reference: Reference, samples: Sequence[Sample], settings: Settings) -> list[Outputs]:
    inputs = [s.inputs for s in samples]
    with running(reference.project, timeout=settings.timeout) as firmware:
        return [run.outputs for run in run_samples(firmware, inputs, reference.model)]


def _compare_all(found: Outputs, wanted: Outputs, ulps: float) -> tuple[Comparison, ...]:
    return tuple(compare(name, found[name], wanted[name], ulps=ulps) for name in found)


def _locate(
    project: Project, model: int, sample: Sample, settings: Settings, otherwise: str
) -> FirstDifference:
    """Never raises for what only keeps it from naming an operator: the outputs' difference is
    worth reporting all the same."""
    try:
        reference = build_reference(project, model, settings.progress)
        with ExitStack() as stack:
            there = stack.enter_context(
                watch(
                    project,
                    model,
                    settings.device,
                    timeout=settings.timeout,
                    progress=settings.progress,
                )
            )
            if reference.traced is None:
                raise OperatorsUnseenError("its code for this computer doesn't show them.")
            here = stack.enter_context(
                watch_traced(reference.traced, reference.model, timeout=settings.timeout)
            )
            first = _Search(here, there, sample, settings).first(otherwise)
            return replace(first, flashed=isinstance(there, WatchedFirmware))
    except MicroTvmBoardsError as error:
        reason = f"The operators can't be compared one by one: {error.cause}"
        return FirstDifference(sample.name, None, None, None, reason)


class _Search:
    def __init__(self, here: Watched, there: Watched, sample: Sample, settings: Settings) -> None:
        self.sides = (there, here)
        self.schedule: Schedule = there.schedule
        self.sample = sample
        self.ulps = settings.ulps

    def first(self, otherwise: str) -> FirstDifference:
        """`otherwise`: the reason where no operator differs."""
        calls = self.schedule.calls
        mine, theirs = (side.checksums(self.sample.inputs) for side in self.sides)
        for call in calls:
            if mine[call.number] == theirs[call.number]:
                continue
            for comparison in self._written(call):
                if not comparison.agrees:
                    return FirstDifference(
                        self.sample.name,
                        call.number,
                        call.function,
                        comparison,
                        self._unseen(call.number),
                    )
        unseen = self._unseen(len(calls))
        return FirstDifference(self.sample.name, None, None, None, unseen or otherwise)

    def _written(self, call: OperatorCall) -> list[Comparison]:
        found, wanted = (side.written(self.sample.inputs, call) for side in self.sides)
        values = [self.schedule.values[value] for _, value in call.writes]
        known = [value for value in values if value.size_bytes is not None]
        return [
            compare(value.name, _array(a, value), _array(b, value), ulps=self.ulps)
            for value, a, b in zip(known, found, wanted, strict=True)
        ]

    def _unseen(self, number: int) -> str:
        """Operators before call `number` that nothing can be said about."""
        names = [
            call.function
            for call in self.schedule.calls[:number]
            if any(self.schedule.values[v].size_bytes is None for _, v in call.writes)
        ]
        if not names:
            return ""
        return f"It isn't known how much {', '.join(dict.fromkeys(names))} writes: not compared."


def _array(data: bytes, value: Value) -> Array:
    import numpy as np

    return np.frombuffer(data, np.dtype(value.dtype or "uint8").newbyteorder("<"))
