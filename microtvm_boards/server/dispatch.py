"""One line in, one line or nothing out: parse, check, call, reply. Nothing escapes."""

from __future__ import annotations

import traceback

from microtvm_boards.errors import MicroTvmBoardsError, nearest
from microtvm_boards.server.failures import to_rpc_error
from microtvm_boards.server.handler import Handler, say
from microtvm_boards.server.jsonrpc import (
    INTERNAL_ERROR,
    METHOD_NOT_FOUND,
    Request,
    RpcError,
    describe,
    error_line,
    parse_request,
    result_line,
)
from microtvm_boards.server.params import SIGNATURES, check_params


def answer(handler: Handler, line: bytes, *, debug: bool = False) -> bytes | None:
    """The reply to the request in `line`, newline included; None for a notification."""
    request = None
    try:
        request = parse_request(line)
        reply = _call(handler, request, debug=debug)
    except RpcError as error:
        return error_line(error)
    except Exception as error:
        reply = error_line(
            RpcError(
                INTERNAL_ERROR,
                f"The server itself failed: {type(error).__name__}: {error}",
                {"traceback": traceback.format_exc()},
                id=request.id if request else None,
            )
        )
    return None if request and request.is_notification else reply


def _call(handler: Handler, request: Request, *, debug: bool) -> bytes:
    method = request.method
    try:
        if method not in SIGNATURES:
            raise RpcError(
                METHOD_NOT_FOUND,
                f"There is no method {describe(method)}.{nearest(method[:80], SIGNATURES)}",
            )
        result = getattr(handler, method)(**check_params(method, request.params))
    except Exception as exception:
        if debug:
            say(traceback.format_exc())
        error = to_rpc_error(exception, method)
        error.id = request.id
        if _hidden_by_tvm(method, error):
            ours = isinstance(exception, MicroTvmBoardsError)
            say(f"microtvm-boards: {exception if ours else traceback.format_exc()}")
        return error_line(error)
    return result_line(request.id, result)


def _hidden_by_tvm(method: str, error: RpcError) -> bool:
    """`tvmc run` says only "Could not open a session" and drops the reason (v0.16, runner.py)."""
    return method == "open_transport" or error.message == "TransportClosedError"
