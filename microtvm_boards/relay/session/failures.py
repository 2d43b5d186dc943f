"""What went wrong in a micro session, as the exceptions that users of TVM expect."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from microtvm_boards import errors
from microtvm_boards.errors import MicroTvmBoardsError

# The names that TVM's C++ session uses (v0.16, src/runtime/micro/micro_session.cc). TVM finds a
# Python class by the name at the start of a message, and takes TVMError when there is none.
_TERMINATED = "SessionTerminatedError"
_TIMEOUT = "MicroSessionTimeoutError"
_FAILED = re.compile(rf"\A({_TERMINATED}|{_TIMEOUT}): (?P<words>.*)\Z", re.DOTALL)
# Behind TVM's own stack; once more for each server on the way.
_REMOTE = re.compile(r".*RPCError: Error caught from RPC call:\n(?P<words>.*)\Z", re.DOTALL)


@dataclass(frozen=True)
class CarriedError:
    """A MicroTvmBoardsError on its way from the child process to TVM's user."""

    name: str  # of a class of TVM's where the session failed, else of one in errors.py
    cause: str
    hint: str
    details: tuple[str, ...]
    log: str | None

    @classmethod
    def of(cls, error: MicroTvmBoardsError) -> CarriedError:
        if isinstance(error, errors.TransportTimeoutError):
            name = _TIMEOUT
        elif isinstance(error, (errors.TransportClosedError, errors.DeviceError)):
            name = _TERMINATED
        else:
            name = type(error).__name__
        log = None if error.log is None else str(error.log)
        return cls(name, error.cause, error.hint, error.details, log)

    @classmethod
    def from_json(cls, line: bytes) -> CarriedError:
        return cls(**json.loads(line))

    def to_json(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    def message(self) -> str:
        """What TVM makes an exception of."""
        return f"{self.name}: {self._error()}"

    def exception(self) -> Exception:
        if self.name in (_TERMINATED, _TIMEOUT):
            return _tvm_exception(self.message())
        return self._error()

    def _error(self) -> MicroTvmBoardsError:
        kind = getattr(errors, self.name, MicroTvmBoardsError)
        log = None if self.log is None else Path(self.log)
        error: MicroTvmBoardsError = kind(self.cause, hint=self.hint, details=self.details, log=log)
        return error


def register_call_errors(tvm: Any) -> None:
    """Gives failures in the middle of a call their own types, too.

    A failed call reaches TVM as the device's exception, which it raises as RPCError (v0.16,
    rpc_endpoint.cc); what makes the exception of a name may be any function (tvm.register_error).
    """
    rpc_error = tvm.error.RPCError

    def make(text: str) -> Exception:
        found = _REMOTE.match(text)
        if found and _FAILED.match(found["words"]):
            return _tvm_exception(found["words"])
        error: Exception = rpc_error(text)
        return error

    tvm.error.register_error("RPCError", make)


def device_words(error: Exception) -> str | None:
    """What the device or its session said, when `error` is TVM's exception for that."""
    text = str(error)
    found = _FAILED.match(text) or _REMOTE.match(text)
    return found["words"] if found else None


def _tvm_exception(message: str) -> Exception:
    base = importlib.import_module("tvm._ffi.base")
    kind = base.ERROR_TYPE.get(message.partition(":")[0], base.TVMError)
    error: Exception = kind(message)
    return error
