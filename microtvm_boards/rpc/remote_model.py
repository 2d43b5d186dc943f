"""A model on a device: inputs in, outputs out, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from microtvm_boards.errors import UsageError, nearest
from microtvm_boards.model.arrays import from_bytes, to_bytes
from microtvm_boards.rpc.client import Client, Progress
from microtvm_boards.rpc.deadlines import run_seconds
from microtvm_boards.rpc.executors import RemoteExecutor, Timing, create
from microtvm_boards.rpc.remote import ModelInfo

if TYPE_CHECKING:
    from microtvm_boards.model.arrays import Array


class RemoteModel:
    """One model of a device; `Device.model` gives it. Outlives the device's sessions."""

    def __init__(self, device: Client, info: ModelInfo) -> None:
        self.name = info.name
        self.inputs = info.inputs
        self.outputs = info.outputs
        self._device = device
        self._info = info
        self._executor: RemoteExecutor | None = None
        self._longest: float | None = None  # seconds of one run

    def run(
        self, inputs: Mapping[str, Array], *, progress: Progress | None = None
    ) -> dict[str, Array]:
        """One inference: arrays by name in, each in the model's dtype and shape, arrays by name
        out. `progress` follows the upload of all inputs.

        Raises UsageError for wrong inputs, RemoteError when the model fails, SessionError when
        the connection does.
        """
        executor = self._upload(inputs, progress)
        began = time.monotonic()
        work = run_seconds(self._device.session.pace, self._longest)
        executor.run(work, f"the end of model {self.name}")
        self._ran(time.monotonic() - began)
        return self._download(executor)

    def run_timed(
        self, inputs: Mapping[str, Array], *, progress: Progress | None = None
    ) -> tuple[dict[str, Array], float]:
        """One inference as `run`, and its seconds as the device measured them."""
        executor = self._upload(inputs, progress)
        seconds = self._measure(executor, Timing())[0]
        return self._download(executor), seconds

    def time(
        self,
        number: int = 1,
        repeat: int = 1,
        *,
        inputs: Mapping[str, Array] | None = None,
        min_repeat_ms: int = 0,
    ) -> tuple[float, ...]:
        """Seconds of one run, `repeat` of them, each the mean of `number` runs, measured by the
        device's own clock (TVM's time_evaluator). With `min_repeat_ms` a repeat runs until it has
        lasted so long. Without `inputs` those of the session's last run stay, zeros before it.
        """
        if number < 1 or repeat < 1 or min_repeat_ms < 0:
            raise UsageError("number and repeat are at least 1, min_repeat_ms at least 0.")
        executor = self._ready() if inputs is None else self._upload(inputs, None)
        if self._longest is None:  # else the deadline would be that of as many first runs
            self._measure(executor, Timing())
        return self._measure(executor, Timing(number, repeat, min_repeat_ms))

    def _measure(self, executor: RemoteExecutor, timing: Timing) -> tuple[float, ...]:
        runs = timing.number * timing.repeat
        work = run_seconds(self._device.session.pace, self._longest, runs)
        # The runs that find out how many are needed.
        work += 10 * timing.repeat * timing.min_repeat_ms / 1000
        began = time.monotonic()
        seconds = executor.measure(timing, work, f"the timing of model {self.name}")
        # By our clock: an emulated board's runs at another speed.
        self._ran((time.monotonic() - began) / runs)
        return seconds

    def _ran(self, seconds: float) -> None:
        self._longest = max(seconds, self._longest or 0.0)

    def _ready(self) -> RemoteExecutor:
        """The executor in the device's present session."""
        if self._executor is None or not self._device.is_current(self._executor.module):
            self._executor = create(self._device, self._info)
        return self._executor

    def _upload(self, inputs: Mapping[str, Array], progress: Progress | None) -> RemoteExecutor:
        parts = self._pack(inputs)
        executor = self._ready()
        total, before = sum(map(len, parts)), 0
        for remote, data in zip(executor.inputs, parts, strict=True):
            self._device.copy_to(remote, data, _shifted(progress, before, total))
            before += len(data)
        return executor

    def _download(self, executor: RemoteExecutor) -> dict[str, Array]:
        return {
            tensor.name: from_bytes(tensor, self._device.copy_from(remote))
            for tensor, remote in zip(self.outputs, executor.outputs, strict=True)
        }

    def _pack(self, inputs: Mapping[str, Array]) -> list[bytes]:
        names = [tensor.name for tensor in self.inputs]
        for name in inputs:
            if name not in names:
                raise UsageError(
                    f'Model "{self.name}" has no input "{name}".{nearest(name, names)}',
                    hint="its inputs are " + ", ".join(names),
                )
        missing = [name for name in names if name not in inputs]
        if missing:
            raise UsageError(f'Model "{self.name}" needs the inputs {", ".join(missing)} too.')
        return [to_bytes(tensor, inputs[tensor.name]) for tensor in self.inputs]


def choose(models: Sequence[ModelInfo], name: str | None) -> ModelInfo:
    """Raises UsageError when there is no model of that name, or no model at all."""
    names = [model.name for model in models]
    if not models:
        raise UsageError("It is not known which models the firmware holds.")
    if name is None:
        return models[0]
    if name not in names:
        raise UsageError(
            f'The firmware has no model "{name}".{nearest(name, names)}',
            hint="its models are " + ", ".join(names),
        )
    return models[names.index(name)]


def _shifted(progress: Progress | None, before: int, total: int) -> Progress | None:
    """`progress` for one of several tensors that are uploaded one after the other."""
    if progress is None:
        return None
    return lambda done, _: progress(before + done, total)
