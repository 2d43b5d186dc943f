"""The lines that the firmware prints, as types; see template_project/src/app/README.md."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

from microtvm_boards.errors import DeviceError

VERSION = 1


@dataclass(frozen=True)
class Greeting:
    models: int
    samples: int


@dataclass(frozen=True)
class Result:
    """One inference. `data`: the bytes of all outputs, one after the other; b"" after a failure."""

    model: int
    status: int
    status_name: str
    ticks: int
    stack_bytes: int
    data: bytes


@dataclass(frozen=True)
class TensorInfo:
    """What the firmware knows of one tensor. `shape` None: unknown; `scale` None: not quantized."""

    model: int
    is_input: bool
    index: int
    name: str
    dtype: str
    size_bytes: int
    shape: tuple[int, ...] | None
    scale: float | None
    zero_point: int


@dataclass(frozen=True)
class Done:
    """The end of an answer of several lines."""


@dataclass(frozen=True)
class Refusal:
    what: str


@dataclass(frozen=True)
class Fault:
    """A processor fault: program counter and link register."""

    pc: int
    lr: int


@dataclass(frozen=True)
class CallValue:
    """Ticks or CRC-32 of one traced call of an operator."""

    number: int
    value: int


@dataclass(frozen=True)
class Written:
    """What the last traced call wrote into its output `number`."""

    number: int
    data: bytes


@dataclass(frozen=True)
class Measured:
    """Clock of the firmware, ticks of its last run, and what tracing adds (mtvm_trace.h)."""

    clock_hz: int
    total_ticks: int
    hook_ticks: int
    counted_ticks: int


Message = Greeting | Result | TensorInfo | Done | Refusal | Fault | CallValue | Written | Measured

# Numbers are bounded: no line may cost more than its length.
_U32 = r"\d{1,10}"
_VERSION = re.compile(rf"mtvm ({_U32})(?: .*)?")
_GREETING = re.compile(rf"mtvm {VERSION} models=({_U32}) samples=({_U32})")
_RESULT = re.compile(
    rf"result (\d) (-?{_U32}) (\S+) ticks=({_U32}) stack=({_U32}) ((?:[0-9a-f]{{2}})*)"
)
_TENSOR = re.compile(
    rf"tensor (\d) (in|out) ({_U32}) (.+) ([a-z]+[0-9]*) ({_U32}) "
    rf"(\?|-|{_U32}(?:x{_U32})*) (-|[0-9a-f]{{8}}) (-?{_U32})"
)
_CALL = re.compile(rf"call ({_U32}) ({_U32})")
_WRITTEN = re.compile(rf"written ({_U32}) ((?:[0-9a-f]{{2}})*)")
_MEASURED = re.compile(rf"measured hz=({_U32}) total=({_U32}) hook=({_U32}) counted=({_U32})")
_FAULT = re.compile(r"fault ([0-9a-f]{8}) ([0-9a-f]{8})")


def parse(line: str) -> Message:
    """One line, without its end. Raises DeviceError for a line that isn't part of the protocol."""
    word = line.partition(" ")[0]
    message = _PARSERS[word](line) if word in _PARSERS else None
    if message is None:
        raise DeviceError(
            f"The board printed a line that is no answer: {printable(line.encode())}",
            hint="check that the firmware on the board is this project's: build it and flash it",
        )
    return message


def _greeting(line: str) -> Message | None:
    version = _VERSION.fullmatch(line)
    if version is not None and int(version[1]) != VERSION:
        raise DeviceError(
            f"The firmware speaks version {version[1]} of the text protocol; this is version "
            f"{VERSION}.",
            hint="create the project again, build it and flash it",
        )
    match = _GREETING.fullmatch(line)
    return None if match is None else Greeting(models=int(match[1]), samples=int(match[2]))


def _result(line: str) -> Message | None:
    match = _RESULT.fullmatch(line)
    if match is None:
        return None
    return Result(
        model=int(match[1]),
        status=int(match[2]),
        status_name=match[3],
        ticks=int(match[4]),
        stack_bytes=int(match[5]),
        data=bytes.fromhex(match[6]),
    )


def _tensor(line: str) -> Message | None:
    match = _TENSOR.fullmatch(line)
    if match is None:
        return None
    shape: tuple[int, ...] | None = ()
    if match[7] == "?":
        shape = None
    elif match[7] != "-":
        shape = tuple(int(d) for d in match[7].split("x"))
    scale = None if match[8] == "-" else struct.unpack(">f", bytes.fromhex(match[8]))[0]
    return TensorInfo(
        model=int(match[1]),
        is_input=match[2] == "in",
        index=int(match[3]),
        name=match[4],
        dtype=match[5],
        size_bytes=int(match[6]),
        shape=shape,
        scale=scale,
        zero_point=int(match[9]),
    )


def _done(line: str) -> Message | None:
    return Done() if line == "done" else None


def _refusal(line: str) -> Message | None:
    return Refusal(line.removeprefix("error ")) if line.startswith("error ") else None


def _call(line: str) -> Message | None:
    match = _CALL.fullmatch(line)
    return None if match is None else CallValue(int(match[1]), int(match[2]))


def _written(line: str) -> Message | None:
    match = _WRITTEN.fullmatch(line)
    return None if match is None else Written(int(match[1]), bytes.fromhex(match[2]))


def _measured(line: str) -> Message | None:
    match = _MEASURED.fullmatch(line)
    return None if match is None else Measured(*(int(n) for n in match.groups()))


def _fault(line: str) -> Message | None:
    match = _FAULT.fullmatch(line)
    return None if match is None else Fault(pc=int(match[1], 16), lr=int(match[2], 16))


_PARSERS: dict[str, Callable[[str], Message | None]] = {
    "mtvm": _greeting,
    "result": _result,
    "tensor": _tensor,
    "done": _done,
    "error": _refusal,
    "fault": _fault,
    "call": _call,
    "written": _written,
    "measured": _measured,
}


def printable(data: bytes, limit: int = 80) -> str:
    """The last `limit` bytes in quotes; what isn't printable ASCII as \\xNN."""
    shown = "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in data[-limit:])
    return f'"{"..." if len(data) > limit else ""}{shown}"'
