"""A project's firmware while it runs: one sample after the other, whichever entry point it has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from microtvm_boards.errors import DeviceError
from microtvm_boards.firmware.stack_use import note_stack_used
from microtvm_boards.harness import Harness, RunResult
from microtvm_boards.platforms import transport_to
from microtvm_boards.platforms.base import ANY_DEVICE
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project
from microtvm_boards.rpc import Device
from microtvm_boards.run.connection import connect_to, pace_within

if TYPE_CHECKING:
    from microtvm_boards.boards import Board
    from microtvm_boards.model.arrays import Array

_HOST_TICKS_PER_SECOND = 1_000_000  # as the harness counts on a board without a clock of its own

UploadProgress = Callable[[int, int], None]  # bytes that are up, of how many


def clock_hz_of(board: Board) -> int | None:
    """What firmware takes its clock for; None where only the firmware knows, and on the host."""
    return (board.emulator and board.emulator.clock_hz) or board.clock_hz


class Firmware(ABC):
    """Of `running`."""

    @abstractmethod
    def run(
        self,
        inputs: Mapping[str, Array],
        model: int = 0,
        *,
        timed: bool = True,
        progress: UploadProgress | None = None,
    ) -> RunResult:
        """One inference of model number `model`. `timed`: False where nobody wants its ticks, which
        take `packed` firmware another call; `progress`: of a long upload.

        Raises DeviceError, UsageError for wrong inputs, TransportError.
        """

    def baked(self) -> list[RunResult]:
        """What the firmware answered of itself: samples that were built into it."""
        return []


@contextmanager
def running(
    project: Project, device: DeviceOptions = ANY_DEVICE, *, timeout: float = 60.0
) -> Iterator[Firmware]:
    """Starts the project's firmware (host, emulator) or connects to the board, until the end of
    the `with`. It has to be built, and flashed where the board has a flash of its own.

    `timeout`: seconds for each answer, besides the time that its bytes take. Raises UsageError for
    firmware that doesn't answer (app other than harness), else as `connect` and Harness.start.
    """
    if project.entrypoint == "packed":
        pace = pace_within(project, device, timeout)
        with connect_to(project, device, pace=pace) as connected:
            yield _Packed(project, connected)
        return
    transport = transport_to(project, device)
    harness = Harness(project, transport, timeout=timeout)
    with transport:
        harness.start()
        yield _C(harness)


def run_samples(
    firmware: Firmware,
    samples: Sequence[Mapping[str, Array]],
    model: int = 0,
    *,
    timed: bool = False,
    step: Callable[[], None] = lambda: None,
) -> list[RunResult]:
    """One inference for each sample, `step` after each. Raises as `Firmware.run`, and DeviceError
    when the model fails."""
    results = []
    for number, sample in enumerate(samples):
        result = firmware.run(sample, model, timed=timed)
        if result.status != 0:
            raise DeviceError(f"The model failed on sample {number}: {result.status_name}.")
        results.append(result)
        step()
    return results


class _C(Firmware):
    def __init__(self, harness: Harness) -> None:
        self._harness = harness

    def run(
        self,
        inputs: Mapping[str, Array],
        model: int = 0,
        *,
        timed: bool = True,
        progress: UploadProgress | None = None,
    ) -> RunResult:
        return self._harness.run(inputs, model)

    def baked(self) -> list[RunResult]:
        return self._harness.samples


class _Packed(Firmware):
    def __init__(self, project: Project, device: Device) -> None:
        self._project = project
        self._device = device

    def run(
        self,
        inputs: Mapping[str, Array],
        model: int = 0,
        *,
        timed: bool = True,
        progress: UploadProgress | None = None,
    ) -> RunResult:
        remote, seconds = self._device.model(self._project.models[model].name), None
        if timed:
            outputs, seconds = remote.run_timed(inputs, progress=progress)
        else:
            outputs = remote.run(inputs, progress=progress)
        stack_bytes = self._device.stack_used()
        note_stack_used(self._project, stack_bytes)
        rate = clock_hz_of(self._project.board) or _HOST_TICKS_PER_SECOND
        return RunResult(
            model=model,
            status=0,
            status_name="MTVM_OK",
            ticks=round((seconds or 0.0) * rate),
            stack_bytes=stack_bytes,
            outputs=outputs,
            seconds=seconds,
        )
