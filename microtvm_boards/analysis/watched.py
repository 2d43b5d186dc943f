"""A model whose operators can be looked at one by one, running: firmware that traces them, or a
graph that this computer drives."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from microtvm_boards.analysis.tracing import (
    Traced,
    build_traced,
    has_tvms_server,
    start,
)
from microtvm_boards.errors import DeviceError
from microtvm_boards.model import Executor
from microtvm_boards.model.schedule import OperatorCall, Schedule
from microtvm_boards.platforms.base import ANY_DEVICE, Progress
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project
from microtvm_boards.project.write.trace import TracedProject, read_schedule
from microtvm_boards.run import connect_to, pace_within

if TYPE_CHECKING:
    from microtvm_boards.model.arrays import Array
    from microtvm_boards.rpc import Device, ModelInfo

Inputs = Mapping[str, "Array"]


class Watched(ABC):
    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule

    @abstractmethod
    def checksums(self, inputs: Inputs) -> list[int]:
        """One inference: the CRC-32 of what each call writes, as far as its size is known."""

    @abstractmethod
    def written(self, inputs: Inputs, call: OperatorCall) -> list[bytes]:
        """One inference up to `call`: its outputs, those whose size is known."""

    def sized(self, call: OperatorCall) -> list[int]:
        """The arguments of `call` whose outputs have a known size."""
        values = self.schedule.values
        return [place for place, value in call.writes if values[value].size_bytes is not None]


class WatchedFirmware(Watched):
    def __init__(self, traced: Traced, model: int) -> None:
        self._own = traced.traced.model(model)
        super().__init__(self._own.schedule)
        self._traced = traced
        self._model = model

    def checksums(self, inputs: Inputs) -> list[int]:
        first, count = self._own.first, len(self.schedule.calls)
        self._traced.run(inputs, self._model, first + count - 1)
        return self._traced.values()[first : first + count]

    def written(self, inputs: Inputs, call: OperatorCall) -> list[bytes]:
        self._traced.run(inputs, self._model, self._own.first + call.number)
        return self._traced.written()


class WatchedGraph(Watched):
    """Over RPC; see rpc.executors.GraphExecutor."""

    def __init__(self, device: Device, info: ModelInfo, schedule: Schedule, work: float) -> None:
        """`work`: seconds that each operator may compute."""
        from microtvm_boards.rpc.executors import GraphExecutor, create

        super().__init__(schedule)
        executor = create(device, info)
        if not isinstance(executor, GraphExecutor):
            raise DeviceError(f"The firmware runs {info.name} as a whole.")
        self._device, self._info, self._executor, self._work = device, info, executor, work

    def checksums(self, inputs: Inputs) -> list[int]:
        self._upload(inputs)
        found = []
        for call in self.schedule.calls:
            self._run(call)
            found.append(0)
            for data in self._outputs(call):
                found[-1] = zlib.crc32(data, found[-1])
        return found

    def written(self, inputs: Inputs, call: OperatorCall) -> list[bytes]:
        self._upload(inputs)
        for earlier in self.schedule.calls[: call.number + 1]:
            self._run(earlier)
        return self._outputs(call)

    def seconds(self, inputs: Inputs) -> list[float]:
        """One inference: what each call takes by the device's clock."""
        from microtvm_boards.rpc.executors import Timing

        self._upload(inputs)
        return [
            self._executor.measure_call(
                call.number, Timing(), self._work, f"the timing of {call.function}"
            )[0]
            for call in self.schedule.calls
        ]

    def _upload(self, inputs: Inputs) -> None:
        from microtvm_boards.model.arrays import to_bytes

        for tensor, remote in zip(self._info.inputs, self._executor.inputs, strict=True):
            self._device.copy_to(remote, to_bytes(tensor, inputs[tensor.name]))

    def _run(self, call: OperatorCall) -> None:
        self._executor.run_call(call.number, self._work, f"the end of {call.function}")

    def _outputs(self, call: OperatorCall) -> list[bytes]:
        from microtvm_boards.rpc.remote import RemoteTensor

        arguments = self._executor.arguments(call.number)
        remotes = [arguments[place] for place in self.sized(call)]
        return [self._device.copy_from(r) for r in remotes if isinstance(r, RemoteTensor)]


@contextmanager
def start_graph(
    project: Project, model: int, device: DeviceOptions = ANY_DEVICE, *, timeout: float = 60.0
) -> Iterator[WatchedGraph]:
    """The project's own firmware, which has the operators of a graph and no executor."""
    schedule = read_schedule(project, model)
    pace = pace_within(project, device, timeout)
    with connect_to(project, device, pace=pace) as connected:
        yield WatchedGraph(connected, connected.models[model], schedule, timeout)


@contextmanager
def watch(
    project: Project,
    model: int,
    device: DeviceOptions = ANY_DEVICE,
    *,
    timeout: float = 60.0,
    progress: Progress | None = None,
) -> Iterator[Watched]:
    """Model number `model` on the project's device; where its firmware doesn't show operators,
    firmware that traces them is built and flashed.

    Raises OperatorsUnseenError when they can't be told apart, else as building and flashing do.
    """
    if has_tvms_server(project) and is_graph(project, model):
        with start_graph(project, model, device, timeout=timeout) as graph:
            yield graph
        return
    traced = build_traced(project, progress)
    with watch_traced(traced, model, device, timeout=timeout, progress=progress) as firmware:
        yield firmware


@contextmanager
def watch_traced(
    traced: TracedProject,
    model: int,
    device: DeviceOptions = ANY_DEVICE,
    *,
    timeout: float = 60.0,
    progress: Progress | None = None,
) -> Iterator[Watched]:
    traced.model(model)  # before anything is flashed
    with start(traced, device, timeout=timeout, progress=progress) as running:
        yield WatchedFirmware(running, model)


def is_graph(project: Project, model: int) -> bool:
    return project.models[model].executor is Executor.GRAPH
