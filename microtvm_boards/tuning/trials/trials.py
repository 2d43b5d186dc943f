"""Runs trials: builds kernels on this computer's cores while the boards run others."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any

from microtvm_boards.errors import UsageError
from microtvm_boards.tuning.host.image import KernelImage
from microtvm_boards.tuning.trials.bench import Bench, Host, Job, TrialFailedError
from microtvm_boards.tuning.trials.board_pool import BoardPool
from microtvm_boards.tuning.trials.candidate import KernelCandidate, Make, TunedOperator
from microtvm_boards.tuning.trials.log import Trial, TrialLog, beats, best_of
from microtvm_boards.tuning.trials.measure import Limits
from microtvm_boards.tuning.trials.outputs import right
from microtvm_boards.tuning.trials.probe import EXPECTED, probe_job
from microtvm_boards.tuning.trials.scratch import scratch_directory
from microtvm_boards.tuning.trials.workshop import Workshop

if TYPE_CHECKING:
    from microtvm_boards.project.options.device import DeviceOptions

# Why a trial is no good, in words for a table.
CAUSES = {
    "invalid": "no kernel",  # TVM can't compile this configuration
    "compile": "doesn't compile",
    "link": "doesn't link",
    "too large": "too large",  # code or stack, for the board
    "load": "not loaded",
    "memory": "out of memory",  # workspace, tensor heap
    "failed": "failed",  # it returned an error
    "hang": "too slow or hung",
    "crash": "crashed",
    "wrong": "wrong numbers",
}


@dataclass(frozen=True)
class TrialOptions:
    """workers: kernels that are built at a time; None: one for each core.
    seed: of the inputs. measuring: None is what suits the board's clock.
    build_seconds: what making a kernel may take. run_seconds: what a call of the untuned kernel
    may take, and any other at most. patience: how many times longer than the untuned kernel,
    beside a second, another one may take.
    """

    workers: int | None = None
    seed: int = 0
    measuring: Limits | None = None
    build_seconds: float = 120.0
    run_seconds: float = 60.0
    patience: float = 8.0


@dataclass
class _Tuned:
    """An operator that is being tuned. timeout: seconds of a call. best: what a kernel has to beat
    to be worth a check; under the lock."""

    operator: TunedOperator
    inputs: tuple[bytes, ...]
    expected: tuple[bytes, ...]
    timeout: float
    best: Trial | None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Trials:
    """Runs trials on one or more boards, and logs each. Used in a `with`, from one thread.

    As many trials are under way at a time as keep cores and boards busy.
    """

    def __init__(
        self,
        host: Host,
        devices: Sequence[DeviceOptions],
        log: TrialLog,
        *,
        make: Make,
        options: TrialOptions | None = None,
        on_set_aside: Callable[[str, str], None] = lambda board, why: None,
    ) -> None:
        """`devices`: one entry a board; several without a port or probe are as many emulators.
        `on_set_aside` gets a board's name and why it isn't used any more, from any thread.

        Raises UsageError for no device, and for one that is there twice.
        """
        self.options = options or TrialOptions()
        self._host = host
        self._log = log
        self._make = make
        self._benches = _benches(host, devices, self.options.measuring)
        self._on_set_aside = on_set_aside
        self._tuned: dict[str, _Tuned] = {}
        self._done: SimpleQueue[Trial | BaseException] = SimpleQueue()
        self._undo = ExitStack()

    def __enter__(self) -> Trials:
        """Builds the kernel that tells bad boards. Raises as Host.build."""
        with ExitStack() as undo:
            scratch = undo.enter_context(scratch_directory())
            self._workshop = Workshop(
                self._host,
                self._make,
                scratch,
                workers=self.options.workers or os.cpu_count() or 1,
                seconds=self.options.build_seconds,
            )
            self._pool = BoardPool(
                self._benches,
                probe_job(self._host, scratch / "probe"),
                EXPECTED,
                on_set_aside=lambda bench, why: self._on_set_aside(bench.name, why),
            )
            # One more than can be built or run: the next is there when something gets free.
            self._depth = self._workshop.count + len(self._benches) + 1
            self._threads = ThreadPoolExecutor(self._depth, thread_name_prefix="trial")
            undo.callback(self._threads.shutdown, cancel_futures=True)
            undo.callback(self._pool.close)
            undo.callback(self._workshop.close)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends what is under way: it doesn't count."""
        self._undo.close()

    @property
    def set_aside(self) -> Mapping[str, str]:
        """Names of the boards that aren't used any more, and why."""
        return dict(self._pool.set_aside)

    def begin(self, operator: TunedOperator) -> Trial:
        """Runs the operator's untuned kernel: its outputs are what all others' are compared with.

        Raises UsageError when the operator was begun, DeviceError when no board is left, and
        TrialFailedError when the kernel doesn't run: then there is nothing to compare with.
        """
        if operator.name in self._tuned:
            raise UsageError(f'Operator "{operator.name}" is tuned already.')
        inputs = random_inputs(operator, self.options.seed)
        reference = operator.reference
        try:
            with self._workshop.image(reference) as image:
                limit = self.options.run_seconds
                outcome, bench = self._pool.run(
                    Job(image, reference.function, operator, inputs, limit, fresh=True)
                )
        except TrialFailedError as error:
            raise TrialFailedError(
                error.phase,
                error.kind,
                f"The untuned kernel of {operator.name} doesn't run: {error.cause}",
            ) from error
        baseline = self._log.find(operator.name, None)
        if baseline is None:
            baseline = replace(
                self._trial(operator.name, None, image, bench),
                phase="check",
                checked=True,
                seconds={"build": image.seconds, **outcome.seconds},
                measurement=outcome.measurement,
            )
            self._log.append(baseline)
        timeout = 1.0 + self.options.patience * outcome.call_seconds
        self._tuned[operator.name] = _Tuned(
            operator,
            inputs,
            outcome.outputs,
            min(timeout, self.options.run_seconds),
            best_of(self._log.trials(operator.name)),
        )
        return baseline

    def run(
        self, operator: TunedOperator, candidates: Iterable[KernelCandidate]
    ) -> Iterator[Trial]:
        """Trials of `candidates`, as they end. A candidate is taken when there is room for it, in
        the caller's thread: a tuner may make it from the trials that it got so far.

        A candidate that is in the log isn't run again: its trial comes from there, `replayed`.
        Raises DeviceError when no board is left, ToolNotFoundError without a compiler, UsageError
        when the log can't be written or `begin` wasn't called.
        """
        tuned = self._begun(operator.name)
        source = iter(candidates)
        running: dict[str, int] = {}  # how often each is due
        more = True
        try:
            while True:
                while more and len(running) < self._depth:
                    candidate = next(source, None)
                    if candidate is None:
                        more = False
                    elif (logged := self._log.find(operator.name, candidate.config)) is not None:
                        yield logged
                    elif candidate.key in running:
                        running[candidate.key] += 1
                    else:
                        running[candidate.key] = 1
                        self._threads.submit(self._put, self._done, tuned, candidate)
                if not running:
                    return
                done = self._done.get()
                if isinstance(done, BaseException):
                    raise done
                count = running.pop(done.key)
                self._log.append(done)
                yield done
                for _ in range(count - 1):
                    yield replace(done, replayed=True)
        finally:
            # What is still under way belongs to nobody: it must not be taken for the next run's.
            self._done = SimpleQueue()

    def best(self, name: str) -> Trial | None:
        """The cheapest trial of the operator whose outputs were right; None: there is none yet."""
        return best_of(self._log.trials(name))

    def _begun(self, name: str) -> _Tuned:
        if name not in self._tuned:
            raise UsageError(f'Operator "{name}" was not begun.')
        return self._tuned[name]

    def _put(
        self, done: SimpleQueue[Trial | BaseException], tuned: _Tuned, candidate: KernelCandidate
    ) -> None:
        try:
            done.put(self._try(tuned, candidate))
        except BaseException as error:
            done.put(error)

    def _try(self, tuned: _Tuned, candidate: KernelCandidate) -> Trial:
        """One trial, whatever becomes of it."""
        began = time.monotonic()
        trial = _Running(self._trial(candidate.operator, candidate.config, None, None))
        try:
            self._build_and_run(tuned, candidate, trial)
        except TrialFailedError as error:
            trial.add(error.seconds)
            wrong = error.kind == "wrong"
            trial.now(phase=error.phase, cause=error.kind, message=error.cause, checked=wrong)
            if error.board:
                trial.now(device=error.board)
        waited = time.monotonic() - began - sum(trial.seconds.values())
        trial.add({"wait": max(0.0, waited)})
        return trial.done()

    def _build_and_run(self, tuned: _Tuned, candidate: KernelCandidate, trial: _Running) -> None:
        operator = tuned.operator
        with self._workshop.kernel(candidate, False, trial.seconds) as (sources, image):
            trial.now(kernel_sha256=image.sha256, kernel_bytes=image.size_bytes)
            job = Job(
                image,
                sources.function,
                operator,
                tuned.inputs,
                tuned.timeout,
                expected=tuned.expected if sources.complete else None,
            )
            outputs = self._measure(job, trial)
            if sources.complete:
                self._check(tuned, job, outputs, trial)
        if not sources.complete and beats(trial.trial, tuned.best):
            with self._workshop.kernel(candidate, True, trial.seconds) as (sources, image):
                if not sources.complete:
                    raise TrialFailedError("check", "invalid", "`make` left parts out.")
                job = replace(
                    job,
                    image=image,
                    function=sources.function,
                    expected=tuned.expected,
                    measured=False,
                )
                self._check(tuned, job, self._measure(job, trial), trial)

    def _measure(self, job: Job, trial: _Running) -> tuple[bytes, ...]:
        """Runs `job`; gives its outputs."""
        outcome, bench = self._pool.run(job)
        trial.add(outcome.seconds)
        trial.now(phase="run", device=bench.name, flash_writes=bench.flash_writes())
        if outcome.measurement is not None:
            trial.now(measurement=outcome.measurement)
        return outcome.outputs

    def _check(self, tuned: _Tuned, job: Job, outputs: tuple[bytes, ...], trial: _Running) -> None:
        """Raises TrialFailedError for wrong outputs."""
        if not right(outputs, tuned.expected, tuned.operator):
            # A kernel before it may have written where it shouldn't: again, on a fresh board.
            outputs = self._measure(replace(job, measured=False, fresh=True), trial)
            if not right(outputs, tuned.expected, tuned.operator):
                raise TrialFailedError(
                    "check", "wrong", "Its outputs are not those of the untuned kernel."
                )
        trial.now(phase="check", checked=True)
        with tuned.lock:
            if beats(trial.trial, tuned.best):
                tuned.best = trial.trial

    def _trial(
        self,
        operator: str,
        config: Mapping[str, object] | None,
        image: KernelImage | None,
        bench: Bench | None,
    ) -> Trial:
        return Trial(
            operator,
            config,
            "build",
            board=self._host.project.board.name,
            firmware_sha256=self._host.firmware_sha256,
            device=bench.name if bench else "",
            flash_writes=bench.flash_writes() if bench else None,
            kernel_sha256=image.sha256 if image else "",
            kernel_bytes=image.size_bytes if image else None,
            at=_now(),
        )


class _Running:
    """A trial as far as it has come."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.seconds: dict[str, float] = {}

    def now(self, **changes: Any) -> None:
        self.trial = replace(self.trial, **changes)

    def add(self, seconds: Mapping[str, float]) -> None:
        for phase, spent in seconds.items():
            self.seconds[phase] = self.seconds.get(phase, 0.0) + spent

    def done(self) -> Trial:
        return replace(self.trial, seconds={k: round(v, 6) for k, v in self.seconds.items()})


def random_inputs(operator: TunedOperator, seed: int) -> tuple[bytes, ...]:
    """The same for the same tensors and seed."""
    from microtvm_boards.analysis.generated_inputs import random_sample
    from microtvm_boards.model.arrays import to_bytes

    tensors = operator.arguments[: -operator.outputs]
    named = [replace(tensor, name=str(n)) for n, tensor in enumerate(tensors)]
    sample = random_sample(named, seed).inputs
    return tuple(to_bytes(tensor, sample[tensor.name]) for tensor in named)


def _benches(host: Host, devices: Sequence[DeviceOptions], limits: Limits | None) -> list[Bench]:
    if not devices:
        raise UsageError("There is no board to tune on.")
    benches: dict[str, Bench] = {}
    for number, options in enumerate(devices, 1):
        own = options.serial_number or options.port
        name = own or f"{host.project.board.name} {number}"
        if name in benches:
            raise UsageError(f"Board {name} was given twice.", hint="give it once")
        benches[name] = Bench(host, options, name=name, limits=limits)
    return list(benches.values())


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
