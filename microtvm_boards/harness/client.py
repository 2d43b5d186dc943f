"""Drives the text harness of a `c` project over any transport."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from microtvm_boards.errors import (
    DeviceError,
    TransportClosedError,
    TransportError,
    TransportTimeoutError,
    UsageError,
    nearest,
)
from microtvm_boards.firmware.stack_use import note_stack_used, reserved_stack
from microtvm_boards.harness.lines import LineReader
from microtvm_boards.harness.protocol import (
    Done,
    Fault,
    Greeting,
    Message,
    Refusal,
    Result,
    TensorInfo,
    parse,
)
from microtvm_boards.model.arrays import from_bytes, to_bytes
from microtvm_boards.project.manifest import ProjectModel
from microtvm_boards.project.project import Project
from microtvm_boards.transports.base import Transport

if TYPE_CHECKING:
    from microtvm_boards.model.arrays import Array

# A board that runs already printed its greeting long ago; a newline makes it speak.
_GREETING_SECONDS = 2.0
_FAULT_SECONDS = 0.5  # between a line that a fault cuts short and the fault's own
_NOISE_LINES = 32  # before the greeting: boot messages, the rest of an older answer
_LINE_OVERHEAD = 512  # bytes of a line besides the hex of its tensors, names of tensors among them
_BITS_PER_BYTE = 10  # start bit, eight data bits, stop bit
_REFLASH = "microtvm-boards build, then flash: the board may hold another project's firmware"


@dataclass(frozen=True)
class RunResult:
    """One inference. `status` is 0 or a negative mtvm_status_t; `outputs` is empty after a failure.

    ticks: of the port's clock while the model ran (processor cycles on bare metal, microseconds on
    the host); 0 where nobody wanted them. stack_bytes: the most that was in use since reset; 0
    where it isn't measured. seconds: over RPC, of which the ticks are rounded.
    """

    model: int
    status: int
    status_name: str
    ticks: int
    stack_bytes: int
    outputs: dict[str, Array]
    seconds: float | None = None


class Harness:
    """The transport has to be open; whoever opened it closes it."""

    def __init__(self, project: Project, transport: Transport, *, timeout: float = 60.0) -> None:
        """`timeout`: seconds for each answer, besides the time that its bytes take on a UART.

        Raises UsageError when the project has no harness.
        """
        if project.entrypoint != "c" or project.app != "harness":
            raise UsageError(
                f"{project.directory} has no harness: its entry point is "
                f"{project.entrypoint!r}, its app {project.app!r}.",
                hint="create it with model_entrypoint_api=c and app=harness",
            )
        self.samples: list[RunResult] = []
        self._project = project
        self._transport = transport
        self._timeout = timeout
        largest = max(sum(t.size_bytes for t in m.inputs + m.outputs) for m in project.models)
        self._longest_answer = max(sum(t.size_bytes for t in m.outputs) for m in project.models)
        self._lines = LineReader(transport, _LINE_OVERHEAD + 2 * largest)
        self._unasked_refusals = 0  # answers to our newline that may still come

    def start(self) -> None:
        """Waits for the firmware and collects the results of its baked samples in `samples`.

        A board that runs already gets a newline, is checked to hold this project's models, and runs
        its baked samples again.
        Raises TransportTimeoutError when it says nothing, TransportClosedError when it is gone,
        DeviceError when it faults or says something else.
        """
        greeting = self._meet()
        if greeting is None:
            self._check_tensors()
            if self._project.manifest.sample_count == 0:
                return
            self._send("s\n")
        else:
            self._check_greeting(greeting)
            if greeting.samples == 0:
                return
        for number in range(self._project.manifest.sample_count):
            what = f"the result of baked sample {number}"
            self.samples.append(self._result(self._reply(what), 0))
        self._expect_done("baked samples")

    def run(self, inputs: Mapping[str, Array], model: int = 0) -> RunResult:
        """Runs one sample on model number `model`.

        `inputs`: by name, each in the model's dtype and shape (flat where the shape is unknown).
        A model that fails gives a RunResult with its status.
        Raises UsageError for wrong inputs, else as `start`.
        """
        if not 0 <= model < min(len(self._project.models), 10):
            raise UsageError(
                f"There is no model number {model}; the project has "
                f"{', '.join(m.name for m in self._project.models)}, counted from 0."
            )
        data = _pack(self._project.models[model], inputs)
        self._send(f"r{model} {data.hex()}\n")
        return self._result(self._reply("a result", sent=data), model)

    def tensors(self) -> list[TensorInfo]:
        """What the firmware says of its tensors: models in order, inputs before outputs."""
        self._send("i\n")
        found: list[TensorInfo] = []
        for _ in range(sum(len(m.inputs) + len(m.outputs) for m in self._project.models)):
            reply = self._reply("a tensor's description")
            if not isinstance(reply, TensorInfo):
                raise _unexpected(reply, "a tensor's description")
            found.append(reply)
        self._expect_done("tensors")
        return found

    def _meet(self) -> Greeting | None:
        """None: the firmware was running already."""
        deadline = time.monotonic() + self._timeout
        nudge_at = time.monotonic() + min(_GREETING_SECONDS, self._timeout / 2)
        noise = 0
        while True:
            nudged = self._unasked_refusals > 0
            try:
                line = self._lines.line(deadline if nudged else nudge_at, "the greeting")
            except TransportTimeoutError as error:
                if not nudged:
                    self._lines.forget_partial_line()
                    self._send("\n")
                    self._unasked_refusals = 1
                    continue
                if noise == 0:
                    raise
                raise DeviceError(
                    "The board prints, but not the greeting of the harness.",
                    details=error.details,
                    hint=_REFLASH,
                ) from error
            # A reset often leaves a byte or two of noise in front.
            _, greets, rest = line.partition("mtvm ")
            try:
                message = parse(greets + rest if greets else line)
            except DeviceError:
                noise += 1
                if greets or noise >= _NOISE_LINES:
                    raise
                continue
            if isinstance(message, Greeting):
                return message
            if isinstance(message, Fault):
                raise self._fault(message)
            if isinstance(message, Refusal) and nudged:
                self._unasked_refusals = 0
                return None

    def _check_greeting(self, greeting: Greeting) -> None:
        here = (len(self._project.models), self._project.manifest.sample_count)
        if (greeting.models, greeting.samples) != here:
            raise DeviceError(
                f"The firmware has {greeting.models} models and {greeting.samples} baked samples; "
                f"this project has {here[0]} and {here[1]}.",
                hint=_REFLASH,
            )

    def _check_tensors(self) -> None:
        found = [(t.model, t.is_input, t.name, t.size_bytes) for t in self.tensors()]
        here = [
            (number, is_input, tensor.name, tensor.size_bytes)
            for number, model in enumerate(self._project.models)
            for is_input, side in ((True, model.inputs), (False, model.outputs))
            for tensor in side
        ]
        if found != here:
            raise DeviceError(
                "The firmware on the board has other tensors than this project.",
                details=[f"found {name}, {size} bytes" for _, _, name, size in found],
                hint=_REFLASH,
            )

    def _send(self, command: str) -> None:
        # Of a board that is gone, what it said last explains more: whoever waits for the answer
        # finds it.
        with contextlib.suppress(TransportClosedError):
            seconds = self._timeout + self._wire_seconds(len(command))
            self._transport.write(command.encode("ascii"), seconds)

    def _reply(self, what: str, sent: bytes = b"") -> Message:
        """The next message; a fault, a refusal and a restart are errors."""
        on_the_line = 2 * (len(sent) + self._longest_answer) + _LINE_OVERHEAD  # tensors are hex
        deadline = time.monotonic() + self._timeout + self._wire_seconds(on_the_line)
        message = self._message(deadline, what)
        if message == Refusal("command") and self._unasked_refusals > 0:
            self._unasked_refusals = 0
            message = self._message(deadline, what)
        if isinstance(message, Fault):
            raise self._fault(message)
        if isinstance(message, Refusal):
            raise DeviceError(
                f'The board refused the command: "error {message.what}".', hint=_REFLASH
            )
        if isinstance(message, Greeting):
            raise DeviceError(
                f"The board restarted while {what} was awaited.",
                hint="check its power supply and stack_size_bytes",
            )
        return message

    def _message(self, deadline: float, what: str) -> Message:
        line = ""
        while not line:  # a fault starts with a newline: it may come in the middle of a line
            line = self._lines.line(deadline, what)
        try:
            return parse(line)
        except DeviceError:
            soon = min(deadline, time.monotonic() + _FAULT_SECONDS)
            with contextlib.suppress(DeviceError, TransportError):
                if isinstance(fault := parse(self._lines.line(soon, what)), Fault):
                    return fault
            raise

    def _wire_seconds(self, count: int) -> float:
        """Time that `count` bytes take on the line, at the rate that it has."""
        baud = self._transport.baud
        return 0.0 if baud is None else count * _BITS_PER_BYTE / baud

    def _expect_done(self, what: str) -> None:
        reply = self._reply(f"the end of the {what}")
        if not isinstance(reply, Done):
            raise _unexpected(reply, f"the end of the {what}")

    def _result(self, reply: Message, model: int) -> RunResult:
        if not isinstance(reply, Result) or reply.model != model:
            raise _unexpected(reply, f"a result of model {model}")
        self._check_stack(reply.stack_bytes)
        tensors = self._project.models[model].outputs if reply.status == 0 else ()
        expected = sum(t.size_bytes for t in tensors)
        if len(reply.data) != expected:
            raise DeviceError(
                f"The board answered with {len(reply.data)} bytes of outputs; model "
                f'"{self._project.models[model].name}" gives {expected} '
                f"(status {reply.status_name}).",
                hint=_REFLASH,
            )
        outputs, at = {}, 0
        for tensor in tensors:
            outputs[tensor.name] = from_bytes(tensor, reply.data[at : at + tensor.size_bytes])
            at += tensor.size_bytes
        return RunResult(
            model=reply.model,
            status=reply.status,
            status_name=reply.status_name,
            ticks=reply.ticks,
            stack_bytes=reply.stack_bytes,
            outputs=outputs,
        )

    def _check_stack(self, used: int) -> None:
        """Not every machine faults below its RAM: a stack that is painted over to its end was too
        small, and the results can't be trusted."""
        note_stack_used(self._project, used)
        size = reserved_stack(self._project)
        if 0 < size <= used:
            raise DeviceError(
                f"The stack overflowed: all of its {size} bytes were used.",
                hint=f"create the project with stack_size_bytes={2 * size} or more; without that "
                "option the build sizes the stack",
            )

    def _fault(self, fault: Fault) -> DeviceError:
        firmware = self._project.build_dir / "firmware.elf"
        return DeviceError(
            f"The processor faulted at 0x{fault.pc:08x} (called from 0x{fault.lr:08x}).",
            details=[
                "where that is: arm-none-eabi-addr2line -f -e "
                f"{firmware} 0x{fault.pc:x} 0x{fault.lr:x}"
            ],
            hint="where the stack is too small, create the project with a larger stack_size_bytes",
        )


def _pack(model: ProjectModel, inputs: Mapping[str, Array]) -> bytes:
    names = [tensor.name for tensor in model.inputs]
    for name in inputs:
        if name not in names:
            raise UsageError(
                f'Model "{model.name}" has no input "{name}".{nearest(name, names)}',
                hint="its inputs are " + ", ".join(names),
            )
    missing = [name for name in names if name not in inputs]
    if missing:
        raise UsageError(f'Model "{model.name}" needs the inputs {", ".join(missing)} too.')
    return b"".join(to_bytes(tensor, inputs[tensor.name]) for tensor in model.inputs)


def _unexpected(reply: Message, wanted: str) -> DeviceError:
    found = f"a result of model {reply.model}" if isinstance(reply, Result) else repr(reply)
    return DeviceError(f"The board sent {found} where {wanted} was due.", hint=_REFLASH)
