"""Runs a project's own firmware, whichever entry point it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from microtvm_boards.errors import DeviceError
from microtvm_boards.firmware.stack_use import note_stack_used
from microtvm_boards.platforms import transport_to
from microtvm_boards.platforms.base import ANY_DEVICE
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project

if TYPE_CHECKING:
    from microtvm_boards.boards import Board
    from microtvm_boards.model.arrays import Array


@dataclass(frozen=True)
class Run:
    """Outputs by name, and what the firmware measured: ticks, or with `packed` seconds."""

    outputs: dict[str, Array]
    ticks: int | None = None
    seconds: float | None = None


def clock_hz_of(board: Board) -> int | None:
    """What firmware takes its clock for; None where only the firmware knows, and on the host."""
    return (board.emulator and board.emulator.clock_hz) or board.clock_hz


def run_samples(
    project: Project,
    model: int,
    samples: Sequence[Mapping[str, Array]],
    device: DeviceOptions = ANY_DEVICE,
    *,
    timeout: float = 60.0,
    timed: bool = False,
    step: Callable[[], None] = lambda: None,
) -> list[Run]:
    """One inference for each sample; `timed` runs `packed` models twice, to measure the second.

    Raises DeviceError when the model fails, and as Harness and connect_to do.
    """
    runs = []
    if project.entrypoint == "packed":
        from microtvm_boards.run.connect import connect_to, pace_of

        pace = replace(pace_of(project, device), first_run=timeout)
        with connect_to(project, device, pace=pace) as connected:
            remote = connected.model(project.models[model].name)
            for sample in samples:
                if timed:
                    outputs, seconds = remote.run_timed(sample)
                    runs.append(Run(outputs, seconds=seconds))
                else:
                    runs.append(Run(remote.run(sample)))
                step()
            note_stack_used(project, connected.stack_used())
        return runs
    from microtvm_boards.harness import Harness

    with transport_to(project, device) as transport:
        harness = Harness(project, transport, timeout=timeout)
        harness.start()
        for number, sample in enumerate(samples):
            result = harness.run(sample, model)
            if result.status != 0:
                raise DeviceError(f"The model failed on sample {number}: {result.status_name}.")
            runs.append(Run(result.outputs, ticks=result.ticks))
            step()
    return runs
