"""Runs the model of a `packed` project over RPC, with the same results as the harness gives."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from microtvm_boards.cli.output import Work
    from microtvm_boards.harness import RunResult
    from microtvm_boards.project.options.device import DeviceOptions
    from microtvm_boards.project.project import Project
    from microtvm_boards.rpc import Pace

_HOST_TICKS_PER_SECOND = 1_000_000  # as the harness counts on a board without a clock of its own
_UPDATE_SECONDS = 0.1


def run_packed(
    project: Project,
    model: int,
    samples: Sequence[dict[str, Any]],
    *,
    timeout: float,
    device: DeviceOptions,
    work: Work,
) -> list[RunResult]:
    """Runs `samples` on model number `model`. Raises as `connect` and `RemoteModel.run`."""
    from microtvm_boards.firmware.stack_use import note_stack_used
    from microtvm_boards.harness import RunResult
    from microtvm_boards.run.connect import connect_to, pace_of
    from microtvm_boards.run.own_firmware import clock_hz_of

    rate = clock_hz_of(project.board) or _HOST_TICKS_PER_SECOND
    results = []
    pace = _paced(pace_of(project, device), timeout)
    with connect_to(project, device, pace=pace) as connected:
        remote = connected.model(project.models[model].name)
        for number, sample in enumerate(samples):
            outputs, seconds = remote.run_timed(sample, progress=_shown(work, number))
            results.append(
                RunResult(
                    model=model,
                    status=0,
                    status_name="MTVM_OK",
                    ticks=round(seconds * rate),
                    stack_bytes=connected.stack_used(),
                    outputs=outputs,
                )
            )
            note_stack_used(project, results[-1].stack_bytes)
            work.line(f"sample {number}: MTVM_OK")
            work.step()
    return results


def _paced(pace: Pace, timeout: float) -> Pace:
    """`timeout` is for a run; nothing else waits longer than that."""
    return replace(
        pace, first_run=timeout, grace=min(pace.grace, timeout), start=min(pace.start, timeout)
    )


def _shown(work: Work, number: int) -> Callable[[int, int], None]:
    """Shows how far an upload is, not more often than an eye can follow."""
    shown_at = time.monotonic()

    def show(done: int, total: int) -> None:
        nonlocal shown_at
        if time.monotonic() - shown_at >= _UPDATE_SECONDS:
            shown_at = time.monotonic()
            work.status(f"sample {number}: {done:,} of {total:,} bytes are up")

    return show
