"""What runs a model in one session: an executor on the device, or here, calling its operators."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Protocol

from microtvm_boards.errors import DeviceError
from microtvm_boards.model import Graph, Tensor
from microtvm_boards.rpc.client import Argument, Client
from microtvm_boards.rpc.remote import (
    ModelInfo,
    RemoteHandle,
    RemoteTensor,
    parse_dtype,
)
from microtvm_boards.rpc.values import CPU, DeviceRef, TensorRef

_REFLASH = "microtvm-boards build, then flash: the board may hold another project's firmware"
_NOP = "__nop"  # TVM's name of a reshape that moves nothing


@dataclass(frozen=True)
class Timing:
    """What TVM's time_evaluator measures: `repeat` times, each the mean of `number` runs; with
    `min_repeat_ms` of as many runs as last so long."""

    number: int = 1
    repeat: int = 1
    min_repeat_ms: int = 0


@dataclass(frozen=True)
class TimedCall:
    """A function of `module`, or a global one, with what it gets."""

    module: RemoteHandle | None
    function: str
    arguments: Sequence[Argument] = ()


class RemoteExecutor(Protocol):
    """`module`: what lives as long as the executor does. `work`: seconds that a run may take."""

    module: RemoteHandle
    inputs: tuple[RemoteTensor, ...]
    outputs: tuple[RemoteTensor, ...]

    def run(self, work: float, what: str) -> None: ...

    def measure(self, timing: Timing, work: float, what: str) -> tuple[float, ...]:
        """Seconds of a run, `timing.repeat` of them."""


def create(device: Client, model: ModelInfo) -> RemoteExecutor:
    """Raises DeviceError when the firmware's model isn't `model`."""
    if model.graph is None:
        return DeviceExecutor(device, model)
    return GraphExecutor(device, model, model.graph)


class DeviceExecutor:
    """TVM's AOT executor on the device, or what our firmware has in its place."""

    def __init__(self, device: Client, model: ModelInfo) -> None:
        module = device.call(
            device.codec.FUNCTIONS.executor, device.system_library(), DeviceRef(), model.name
        )
        if not isinstance(module, RemoteHandle):
            raise DeviceError(f"The firmware gave {module!r} for an executor.")
        self._device = device
        self.module = module
        self._run = device.module_function(module, "run")
        self.inputs = self._tensors("input", model.name, model.inputs)
        self.outputs = self._tensors("output", model.name, model.outputs)

    def run(self, work: float, what: str) -> None:
        self._device.call(self._run, work=work, what=what)

    def measure(self, timing: Timing, work: float, what: str) -> tuple[float, ...]:
        return time_function(self._device, TimedCall(self.module, "run"), timing, work, what)

    def _tensors(
        self, side: str, model: str, expected: Sequence[Tensor]
    ) -> tuple[RemoteTensor, ...]:
        device = self._device
        count = device.call(device.module_function(self.module, f"get_num_{side}s"))
        if count != len(expected):
            raise DeviceError(
                f"The firmware's model {model} has {count!r} {side}s; this one has "
                f"{len(expected)}.",
                hint=_REFLASH,
            )
        get = device.module_function(self.module, f"get_{side}")
        found = tuple(device.call(get, number) for number in range(len(expected)))
        return tuple(
            _checked(remote, tensor, side) for remote, tensor in zip(found, expected, strict=True)
        )


class GraphExecutor:
    """Runs a graph whose operators only are on the device; all of its tensors are there, parameters
    too. As TVM's own graph executor does it from a host (v0.16, graph_executor.cc): one block of
    memory for each storage id."""

    def __init__(self, device: Client, model: ModelInfo, graph: Graph) -> None:
        self._device = device
        self.module = device.system_library()
        refs = [TensorRef(0, parse_dtype(e.dtype), e.shape) for e in graph.entries]
        sizes: dict[int, int] = {}
        for entry, ref in zip(graph.entries, refs, strict=True):
            sizes[entry.storage_id] = max(sizes.get(entry.storage_id, 0), ref.size_bytes)
        blocks = {number: device.allocate((size,), "int8") for number, size in sizes.items()}
        tensors = [
            replace(block, ref=replace(ref, data=block.ref.data))
            for entry, ref in zip(graph.entries, refs, strict=True)
            for block in (blocks[entry.storage_id],)
        ]
        named = {node.name: tensors[node.outputs[0]] for node in graph.nodes if node.op == "null"}
        for param in model.params:
            device.copy_to(named[param.name], param.data)
        self.inputs = tuple(named[tensor.name] for tensor in model.inputs)
        self.outputs = tuple(tensors[entry] for entry in graph.outputs)
        self._calls: list[tuple[str, tuple[Argument, ...]]] = []
        for node in graph.nodes:
            if node.function and node.function != _NOP:
                arguments = (tensors[entry] for entry in node.inputs + node.outputs)
                if node.flatten_data:
                    arguments = (_flat(tensor) for tensor in arguments)
                self._calls.append((node.function, tuple(arguments)))
        self._functions = {
            name: device.module_function(self.module, name)
            for name in dict.fromkeys(name for name, _ in self._calls)
        }

    def run(self, work: float, what: str) -> None:
        for number in range(len(self._calls)):
            self.run_call(number, work, what)

    def run_call(self, number: int, work: float, what: str) -> None:
        """One operator: node `number` of those of the graph that compute something."""
        name, arguments = self._calls[number]
        self._device.call(self._functions[name], *arguments, work=work, what=what)

    def measure(self, timing: Timing, work: float, what: str) -> tuple[float, ...]:
        """The operators' times together, each measured alone."""
        times = [self.measure_call(n, timing, work, what) for n in range(len(self._calls))]
        return tuple(map(sum, zip(*times, strict=True)))

    def measure_call(
        self, number: int, timing: Timing, work: float, what: str
    ) -> tuple[float, ...]:
        """Seconds of one operator, which runs as `timing` says."""
        name, arguments = self._calls[number]
        call = TimedCall(self.module, name, arguments)
        return time_function(self._device, call, timing, work, what)

    def arguments(self, number: int) -> tuple[Argument, ...]:
        """The tensors of one operator: inputs, then outputs."""
        return self._calls[number][1]


def _flat(tensor: RemoteTensor) -> RemoteTensor:
    return replace(tensor, ref=replace(tensor.ref, shape=(prod(tensor.ref.shape),)))


def time_function(
    device: Client, timed: TimedCall, timing: Timing, work: float, what: str
) -> tuple[float, ...]:
    """Seconds of one call, `timing.repeat` of them, by the device's clock; the first call isn't
    measured. `work`: seconds that all calls may take.

    Raises RemoteError when the function fails.
    """
    evaluator = device.call(
        device.codec.FUNCTIONS.time_evaluator,
        timed.module,
        timed.function,
        CPU,
        0,
        *(timing.number, timing.repeat, timing.min_repeat_ms),
        *(0, 0, 0),  # limit_zero_time_iterations, cooldown_interval_ms, repeats_to_cooldown
        *(0, ""),  # cache_flush_bytes, f_preproc_name
    )
    if not isinstance(evaluator, RemoteHandle):
        raise DeviceError(f"The firmware gave {evaluator!r} for a time evaluator.")
    try:
        data = device.call(evaluator, *timed.arguments, work=work, what=what)
    finally:
        device.release(evaluator)
    if not isinstance(data, bytes) or len(data) != 8 * timing.repeat:
        raise DeviceError(f"The firmware gave {data!r} for {timing.repeat} times.")
    seconds: tuple[float, ...] = struct.unpack(f"<{timing.repeat}d", data)
    return seconds


def _checked(remote: object, tensor: Tensor, side: str) -> RemoteTensor:
    """Raises DeviceError when the device's tensor isn't the one that is expected."""
    if not isinstance(remote, RemoteTensor):
        raise DeviceError(f"The firmware gave {remote!r} for {side} {tensor.name}.")
    if remote.dtype != tensor.dtype or remote.size_bytes != tensor.size_bytes:
        raise DeviceError(
            f"The firmware's {side} {tensor.name} is {remote.dtype} of {remote.size_bytes} bytes; "
            f"this model's is {tensor.dtype} of {tensor.size_bytes} bytes.",
            hint=_REFLASH,
        )
    return remote
