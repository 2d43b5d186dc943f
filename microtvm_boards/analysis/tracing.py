"""Firmware that traces operators, running: the same for both entry points."""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from microtvm_boards.errors import DeviceError, OperatorsUnseenError, ProjectError
from microtvm_boards.harness.protocol import Measured
from microtvm_boards.harness.traced import TracedHarness
from microtvm_boards.platforms import get_platform, transport_to
from microtvm_boards.platforms.base import ANY_DEVICE, Progress
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project
from microtvm_boards.project.write.trace import TracedProject, trace_project
from microtvm_boards.run import connect_to, pace_within

if TYPE_CHECKING:
    from microtvm_boards.model.arrays import Array
    from microtvm_boards.rpc import Device

ALL_TICKS = 0xFFFFFFFF  # MTVM_TRACE_TICKS
REPEAT = 256  # MTVM_TRACE_REPEAT
FOLDER = "trace"  # in the build directory
_BLOCK = 1024  # bytes of one answer
_U32 = 4


@dataclass(frozen=True)
class Hook:
    """What tracing adds: to a run for each call, and of that to the call's own ticks."""

    clock_hz: int
    per_call: float
    counted: float


class Traced(ABC):
    """A running firmware. Inputs and outputs are arrays by name, as for Harness and RemoteModel."""

    def __init__(self, traced: TracedProject) -> None:
        self.traced = traced

    @abstractmethod
    def run(self, inputs: Mapping[str, Array], model: int, last: int) -> dict[str, Array]:
        """One inference that records; see mtvm_trace_begin for `last`, counted over all models.

        The outputs are the model's only where no call was skipped. Raises DeviceError when the
        model fails.
        """

    @abstractmethod
    def values(self) -> list[int]:
        """What the last run recorded, one a call."""

    @abstractmethod
    def written(self) -> list[bytes]:
        """What call `last` of the last run wrote, as far as its size is known."""

    @abstractmethod
    def total_and_hook(self) -> tuple[int, Hook]:
        """Ticks of the last run, and what tracing added to it; ends what `run` began."""


class _OfHarness(Traced):
    def __init__(self, traced: TracedProject, harness: TracedHarness) -> None:
        super().__init__(traced)
        self._harness = harness

    def run(self, inputs: Mapping[str, Array], model: int, last: int) -> dict[str, Array]:
        self._harness.begin(last)
        result = self._harness.run(inputs, model)
        if result.status != 0:
            raise DeviceError(f"The model failed with {result.status_name}.")
        return result.outputs

    def values(self) -> list[int]:
        return self._harness.values(self.traced.call_count)

    def written(self) -> list[bytes]:
        return self._harness.written()

    def total_and_hook(self) -> tuple[int, Hook]:
        return _split(self._harness.measure())


class _OfDevice(Traced):
    def __init__(self, traced: TracedProject, device: Device) -> None:
        super().__init__(traced)
        self._device = device

    def run(self, inputs: Mapping[str, Array], model: int, last: int) -> dict[str, Array]:
        remote = self._device.model(self.traced.project.models[model].name)
        self._device.call("mtvm.trace_begin", last)
        return remote.run(inputs)

    def values(self) -> list[int]:
        count = self.traced.call_count
        found: list[int] = []
        for first in range(0, count, _BLOCK // _U32):
            number = min(_BLOCK // _U32, count - first)
            data = self._bytes("mtvm.trace_values", first, number, size=_U32 * number)
            found += struct.unpack(f"<{number}I", data)
        return found

    def written(self) -> list[bytes]:
        outputs: list[bytes] = []
        while size := self._device.call("mtvm.trace_output", len(outputs), 0, 0):
            if not isinstance(size, int):
                raise DeviceError(f"The firmware gave {size!r} for the size of an output.")
            blocks = [
                self._bytes("mtvm.trace_output", len(outputs), at, n, size=n)
                for at in range(0, size, _BLOCK)
                if (n := min(_BLOCK, size - at))
            ]
            outputs.append(b"".join(blocks))
        return outputs

    def total_and_hook(self) -> tuple[int, Hook]:
        data = self._bytes("mtvm.trace_measure", size=4 * _U32)
        return _split(Measured(*struct.unpack("<4I", data)))

    def _bytes(self, function: str, *arguments: int, size: int) -> bytes:
        data = self._device.call(function, *arguments)
        if not isinstance(data, bytes) or len(data) != size:
            raise DeviceError(f"The firmware gave {data!r} for {size} bytes of {function}.")
        return data


def _split(measured: Measured) -> tuple[int, Hook]:
    per_call, counted = (n / REPEAT for n in (measured.hook_ticks, measured.counted_ticks))
    return measured.total_ticks, Hook(measured.clock_hz, per_call, counted)


def require_answers(project: Project) -> None:
    """Raises ProjectError for firmware that runs nothing when it is asked."""
    if project.entrypoint == "c" and project.app != "harness":
        raise ProjectError(
            f"{project.directory} has the app {project.app}: its firmware doesn't answer, so "
            "nothing can be read from it.",
            hint=f"microtvm-boards create {project.mlf} NEW_PROJECT --board {project.board.name} "
            "--model-entrypoint-api c --app harness",
        )


def has_tvms_server(project: Project) -> bool:
    """Whether its firmware is TVM's own RPC server, which traces nothing."""
    return project.rpc is not None and project.rpc.server != "own"


def build_traced(project: Project, progress: Progress | None = None) -> TracedProject:
    """The tracing copy of `project` in build/trace, built.

    Raises OperatorsUnseenError when no model's operators can be told apart, ProjectError,
    BuildError.
    """
    if has_tvms_server(project):
        raise OperatorsUnseenError(
            f"{project.directory} has the RPC server of TVM's own runtime (runtime=standalone_crt),"
            " which runs an ahead-of-time model as a whole.",
            hint=f"microtvm-boards create {project.mlf} NEW_PROJECT --board {project.board.name} "
            "--model-entrypoint-api packed",
        )
    traced = trace_project(project, project.build_dir / FOLDER)
    get_platform(project.platform).build(traced.project, progress=progress)
    return traced


@contextmanager
def start(
    traced: TracedProject,
    device: DeviceOptions = ANY_DEVICE,
    *,
    timeout: float = 60.0,
    progress: Progress | None = None,
) -> Iterator[Traced]:
    """Flashes the tracing firmware and connects to it; the board keeps it afterwards."""
    project = traced.project
    get_platform(project.platform).flash(project, device, progress=progress)
    if project.entrypoint == "packed":
        pace = pace_within(project, device, timeout)
        with connect_to(project, device, pace=pace) as connected:
            yield _OfDevice(traced, connected)
        return
    written = [v.size_bytes or 0 for m in traced.models.values() for v in m.schedule.values]
    with transport_to(project, device) as transport:
        harness = TracedHarness(project, transport, longest=max(written), timeout=timeout)
        harness.start()
        yield _OfHarness(traced, harness)
