"""One board that runs kernels: its tensors, and what becomes of it when a kernel takes it down."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from microtvm_boards.errors import MicroTvmBoardsError, TransportError
from microtvm_boards.flashers.wear import read_wear
from microtvm_boards.platforms.flash import wear_key_of
from microtvm_boards.rpc import RemoteError, Seen, SessionError
from microtvm_boards.run import pace_of
from microtvm_boards.tuning.host.image import KernelImage
from microtvm_boards.tuning.trials.candidate import TunedOperator
from microtvm_boards.tuning.trials.measure import Limits, Measurement, Timer
from microtvm_boards.tuning.trials.outputs import clear, fetch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from microtvm_boards.project.options.device import DeviceOptions
    from microtvm_boards.project.project import Project
    from microtvm_boards.rpc import Device, Pace, RemoteHandle, RemoteTensor

# Seconds that an answer may take besides the kernel's own time: a computer that also builds.
_GRACE = 5.0
_SHOWN_DETAILS = 3  # an emulator that crashes prints all its registers
_HANGING = (Seen.SILENT, Seen.LATE)
_FAULT = re.compile(rb"fault( [0-9a-f]{8})+")  # the ports' handlers of faults
_MEMORY = re.compile(r"workspace|heap|stack", re.IGNORECASE)


class Host(Protocol):
    """What a bench and the trials need of a KernelHost."""

    @property
    def project(self) -> Project: ...

    @property
    def firmware_sha256(self) -> str: ...

    def on_board(self, device: DeviceOptions) -> bool: ...

    def build(self, sources: Mapping[str, bytes], directory: Path) -> KernelImage: ...

    def open(self, device: DeviceOptions, *, pace: Pace | None = None) -> Device: ...

    def load(self, device: Device, image: KernelImage) -> RemoteHandle: ...


class TrialFailedError(MicroTvmBoardsError):
    """A trial ended before its end.

    phase: of trial_log.PHASES. kind: of trials.CAUSES. board: the bench's name, where it came so
    far; seconds: by phase, of that board.
    """

    def __init__(self, phase: str, kind: str, message: str) -> None:
        super().__init__(message)
        self.phase = phase
        self.kind = kind
        self.board = ""
        self.seconds: dict[str, float] = {}


class BoardLostError(TrialFailedError):
    """The session with the board broke: the kernel's doing, or the board's own."""


@dataclass(frozen=True)
class Job:
    """A kernel to run.

    inputs: bytes of each input. expected: those of the outputs, if they are known.
    timeout: seconds of one call. measured: else it runs once. fresh: on a board that no other
    kernel has run on since its start.
    """

    image: KernelImage
    function: str
    operator: TunedOperator
    inputs: tuple[bytes, ...]
    timeout: float
    expected: tuple[bytes, ...] | None = None
    measured: bool = True
    fresh: bool = False


@dataclass
class Outcome:
    """seconds: by phase. call_seconds: of a call by this computer's clock, at most."""

    outputs: tuple[bytes, ...]
    measurement: Measurement | None = None
    call_seconds: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)


class Bench:
    """One board, opened when it is needed. For one thread at a time, except `abort`."""

    def __init__(
        self, host: Host, options: DeviceOptions, *, name: str, limits: Limits | None = None
    ) -> None:
        self.name = name
        self.options = options
        self.jobs = 0  # since it was started
        self._host = host
        self._limits = limits
        self._device: Device | None = None
        self._timer: Timer | None = None
        self._operator: TunedOperator | None = None  # whose tensors are on the board
        self._tensors: tuple[RemoteTensor, ...] = ()
        self._wear_key: str | None = None
        self._aborted = threading.Event()

    def run(self, job: Job) -> Outcome:
        """Raises TrialFailedError; a BoardLostError of them when the session broke."""
        outcome = Outcome(())
        if job.fresh and self.jobs > 0:
            self.restart()
        self.jobs += 1
        try:
            self._run(job, outcome)
        except TrialFailedError as error:
            error.board, error.seconds = self.name, outcome.seconds
            if said := self._last_fault():
                error.cause += f"\nThe device said: {said}"
            raise
        return outcome

    def _run(self, job: Job, outcome: Outcome) -> None:
        with _phase("load", outcome):
            device = self._opened()
            module = self._host.load(device, job.image)
        with _phase("run", outcome):
            tensors = self._arguments(device, job)
            began = time.monotonic()
            if job.measured:
                measured = self._clock(device).measure(
                    module, job.function, tensors, timeout=job.timeout
                )
                outcome.measurement = measured
                calls = measured.number * len(measured.repeats) + 1
            else:
                function = device.module_function(module, job.function)
                device.call(function, *tensors, work=job.timeout, what="the end of the kernel")
                calls = 1
            outcome.call_seconds = (time.monotonic() - began) / calls
        with _phase("check", outcome):
            outcome.outputs = fetch(device, tensors[-job.operator.outputs :], job.expected)

    def restart(self) -> None:
        """The next job finds the board as it was at the beginning."""
        self.jobs = 0
        self._operator, self._tensors, self._timer = None, (), None
        device, self._device = self._device, None
        if device is not None:
            with suppress(MicroTvmBoardsError):
                device.close()

    def abort(self) -> None:
        """Ends what waits for the board, from any thread; then it can't be opened again."""
        self._aborted.set()
        device = self._device
        if device is not None:
            with suppress(TransportError):
                device.transport.close()

    def flash_writes(self) -> int | None:
        """How often the board was flashed so far; None where nothing is flashed."""
        if not self._host.on_board(self.options):
            return None
        if self._wear_key is None:
            self._wear_key = wear_key_of(self._host.project.board, self.options)
        return read_wear().get(self._wear_key, 0)

    def _last_fault(self) -> str:
        """What the firmware's handler of faults wrote on the line."""
        if self._device is None:
            return ""
        found = _FAULT.search(self._device.session.line.sample)
        return "" if found is None else found[0].decode()

    def _opened(self) -> Device:
        if self._aborted.is_set():
            raise TransportError("The board isn't needed any more.")
        if self._device is None:
            pace = replace(pace_of(self._host.project, self.options), grace=_GRACE)
            self._device = self._host.open(self.options, pace=pace)
            if self._aborted.is_set():
                raise TransportError("The board isn't needed any more.")
        return self._device

    def _clock(self, device: Device) -> Timer:
        if self._timer is None:
            board = self._host.project.board
            self._timer = Timer(device, board, self.options, self._limits)
        return self._timer

    def _arguments(self, device: Device, job: Job) -> tuple[RemoteTensor, ...]:
        """The operator's tensors on the board: inputs as they should be, outputs cleared."""
        operator = job.operator
        current = bool(self._tensors) and all(map(device.is_current, self._tensors))
        if operator is not self._operator or not current:
            for tensor in self._tensors:
                device.release(tensor)
            self._operator, self._tensors = None, ()
            self._tensors = self._allocate(device, operator)
            inputs = self._tensors[: -operator.outputs]
            for tensor, data in zip(inputs, job.inputs, strict=True):
                device.copy_to(tensor, data)
            self._operator = operator
        clear(device, self._tensors[-operator.outputs :])
        return self._tensors

    def _allocate(self, device: Device, operator: TunedOperator) -> tuple[RemoteTensor, ...]:
        made: list[RemoteTensor] = []
        try:
            for argument in operator.arguments:
                made.append(device.allocate(argument.shape or (), argument.dtype))
        except RemoteError:
            for tensor in made:
                device.release(tensor)
            raise
        return tuple(made)


@contextmanager
def _phase(name: str, outcome: Outcome) -> Iterator[None]:
    """Times a phase, and says of its failures what they are."""
    began = time.monotonic()
    try:
        yield
    except TrialFailedError:
        raise
    except RemoteError as error:
        raise TrialFailedError(name, _refusal(name, error.cause), _words(error)) from error
    except SessionError as error:
        kind = "hang" if error.seen in _HANGING else "crash"
        raise BoardLostError(name, kind, _words(error)) from error
    except MicroTvmBoardsError as error:
        raise BoardLostError(name, "load" if name == "load" else "crash", _words(error)) from error
    finally:
        outcome.seconds[name] = outcome.seconds.get(name, 0.0) + time.monotonic() - began


def _refusal(phase: str, text: str) -> str:
    """Why the firmware refused a kernel, as one of trials.CAUSES."""
    if _MEMORY.search(text):
        return "memory"
    if phase == "load":
        return "link" if "undefined symbol" in text else "load"
    return "failed"


def _words(error: MicroTvmBoardsError) -> str:
    """Without the hint, which is for a device that nobody wanted to fail."""
    return "\n".join([error.cause, *error.details[:_SHOWN_DETAILS]])
