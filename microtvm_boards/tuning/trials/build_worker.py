"""A process of our own in which kernels are made: TVM may hang in there, or crash.

Parent and worker send each other pickles with their length in front. The parent's first message is
(sys.path, pickled `Make`), each other one (candidate, complete); an answer is ("made", sources) or
("failed", message).
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
import traceback
from pathlib import Path
from typing import Any, BinaryIO

from microtvm_boards.errors import MicroTvmBoardsError, TransportError
from microtvm_boards.transports.child import Child
from microtvm_boards.transports.stream import ByteStream, StreamEndedError, StreamTimeoutError
from microtvm_boards.tuning.trials.candidate import KernelCandidate, KernelSources, Make

_LENGTH = struct.Struct("<Q")


class MakeError(MicroTvmBoardsError):
    """`make` gave no kernel: it raised, took too long, or its process died."""


class BuildWorker:
    """One process, started when it is needed and again after it died. For one thread; `close` may
    come from any."""

    def __init__(self, make: Make) -> None:
        self._make = pickle.dumps(make)
        self._child: Child | None = None
        self._stream: ByteStream | None = None
        self._closed = False

    def make(self, candidate: KernelCandidate, complete: bool, timeout: float) -> KernelSources:
        """What `make` gives in there. `timeout`: seconds.

        Raises MakeError with its message; then or without it the next call is as good as the first.
        """
        try:
            stream = self._started(timeout)
            _send(stream, (candidate, complete), timeout)
            kind, value = _receive(stream, timeout)
        except StreamTimeoutError:
            self._end()
            raise MakeError(f"Making the kernel took more than {timeout:g} s.") from None
        except (StreamEndedError, TransportError, pickle.UnpicklingError, EOFError) as error:
            raise self._died(error) from None
        if kind == "made" and isinstance(value, KernelSources):
            return value
        if kind == "made":
            raise MakeError(f"`make` gave {type(value).__name__} where KernelSources are due.")
        raise MakeError(str(value))

    def close(self) -> None:
        """Ends the process, and what waits for it."""
        self._closed = True
        self._end()

    def _started(self, timeout: float) -> ByteStream:
        if self._closed:
            raise TransportError("The worker is closed.")
        if self._stream is None:
            self._child = Child([sys.executable, "-m", __name__], pipes=True)
            self._stream = ByteStream(*self._child.take_pipes())
            _send(self._stream, (sys.path, self._make), timeout)
        return self._stream

    def _died(self, error: Exception) -> MakeError:
        child = self._child
        if self._closed or child is None:
            return MakeError(f"The process that makes kernels is gone: {error}")
        child.wait(1.0)
        how, words = child.ending(), child.last_words()
        self._end()
        return MakeError(f"The process that made the kernel {how}.", details=words)

    def _end(self) -> None:
        stream, child = self._stream, self._child
        self._stream = self._child = None
        if stream is not None:
            stream.close()
        if child is not None:
            child.end()


def _send(stream: ByteStream, message: Any, timeout: float) -> None:
    data = pickle.dumps(message)
    stream.write(_LENGTH.pack(len(data)) + data, timeout)


def _receive(stream: ByteStream, timeout: float) -> Any:
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size, timeout))
    return pickle.loads(_exactly(stream, length, timeout))


def _exactly(stream: ByteStream, count: int, timeout: float) -> bytes:
    data = bytearray()
    while len(data) < count:
        data += stream.read(count - len(data), timeout)
    return bytes(data)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """The worker's side: answers until the parent is gone."""
    path, pickled = _read(requests)
    sys.path[:] = path
    while True:
        try:
            candidate, complete = _read(requests)
        except EOFError:
            return
        try:
            answer: tuple[str, Any] = ("made", pickle.loads(pickled)(candidate, complete))
        except MicroTvmBoardsError as error:
            answer = ("failed", str(error))
        except Exception as error:  # TVM raises whatever comes
            answer = ("failed", _words(error))
        data = pickle.dumps(answer)
        answers.write(_LENGTH.pack(len(data)) + data)
        answers.flush()


def _words(error: Exception) -> str:
    """TVM's messages are a C++ stack with the cause in the last line."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return f"{type(error).__name__} in {place}: {lines[-1].strip() if lines else ''}"


def _read(stream: BinaryIO) -> Any:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    return pickle.loads(stream.read(length))


def _main() -> None:
    # What `make` or TVM prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    _main()
