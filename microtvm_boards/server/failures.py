"""Exceptions to JSON-RPC errors that read well where TVM prints them.

TVM's client (v0.8 to v0.18, project_api/server.py, class ServerError) makes of an error's
`message` M and `data` D the text "calling method build: JSON-RPC error # -32000: M", then
D["traceback"] on the next line, or all of D as a dict where that is empty. So the cause goes into
M and the rest of the message into "traceback", and the two print as one message, without a Python
stack. Three names in M become exceptions of that name; there all of the message is in "traceback".
"""

from __future__ import annotations

import sys
import traceback

from microtvm_boards.errors import (
    MicroTvmBoardsError,
    ToolNotFoundError,
    TransportClosedError,
    TransportTimeoutError,
)
from microtvm_boards.server.jsonrpc import SERVER_ERROR, RpcError

_OURS = "microtvm_boards"


def to_rpc_error(error: Exception, method: str) -> RpcError:
    """What the client gets for `error`, raised in `method`."""
    if isinstance(error, RpcError):
        return error
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith(_OURS):
        error = ToolNotFoundError(
            f'The Python package "{error.name}" is missing under {sys.executable}.',
            hint=f"{sys.executable} -m pip install microtvm-boards",
        )
    if isinstance(error, TransportTimeoutError):
        return RpcError(SERVER_ERROR, "IoTimeoutError", {"traceback": str(error)})
    if isinstance(error, TransportClosedError):
        return RpcError(SERVER_ERROR, "TransportClosedError", {"traceback": str(error)})
    if isinstance(error, MicroTvmBoardsError):
        rest = str(error)[len(error.cause) :].lstrip("\n")
        # Never empty, see above: an error without a hint ends in its kind.
        return RpcError(SERVER_ERROR, error.cause, {"traceback": rest or type(error).__name__})
    if isinstance(error, OSError):  # a full disk, a missing permission: no defect of ours
        data = {"traceback": type(error).__name__, "stack": _stack(error)}
        return RpcError(SERVER_ERROR, f"{method}: {error}", data)
    return RpcError(
        SERVER_ERROR,
        f"{method}: {type(error).__name__}: {error} (a defect of microtvm-boards, please report)",
        {"traceback": _stack(error)},
    )


def _stack(error: Exception) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))
