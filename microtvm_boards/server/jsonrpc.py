"""JSON-RPC 2.0 as pure functions: a line to a request, a result or an error to a line.

Sources: jsonrpc.org/specification, and what TVM's client takes (v0.8 to v0.18,
python/tvm/micro/project_api/client.py). An error code outside the six below makes that client
fail with an assertion, so there are no others.
"""

from __future__ import annotations

import json
import math
import reprlib
from dataclasses import dataclass
from typing import Any

SERVER_ERROR = -32000
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
PARSE_ERROR = -32700

MAX_LINE_BYTES = 64 * 2**20  # without the newline

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 80

RequestId = str | int | float | None


@dataclass(frozen=True)
class Request:
    """One call. A notification has no id and gets no reply."""

    method: str
    params: dict[str, Any]
    id: RequestId
    is_notification: bool


class RpcError(Exception):
    """An error as it goes over the wire. `id` is that of the request, where it could be read."""

    def __init__(
        self, code: int, message: str, data: dict[str, Any] | None = None, *, id: RequestId = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
        self.id = id


def parse_request(line: bytes) -> Request:
    """Reads and checks the envelope. Raises RpcError (PARSE_ERROR or INVALID_REQUEST).

    NaN and Infinity pass, as Python's own json lets them: whoever uses the number refuses it then,
    and the reply carries the request's id.
    """
    try:
        envelope = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RpcError(PARSE_ERROR, f"The line is not JSON in UTF-8: {error}") from None
    if isinstance(envelope, list):
        raise RpcError(INVALID_REQUEST, "Batches are not served; send one request a line.")
    if not isinstance(envelope, dict):
        raise RpcError(INVALID_REQUEST, f"A request is an object; found {describe(envelope)}.")
    request_id = envelope.get("id")
    if not _is_id(request_id):
        raise RpcError(
            INVALID_REQUEST, f'"id" is a text, a number or null; found {describe(request_id)}.'
        )
    if envelope.get("jsonrpc") != "2.0":
        found = describe(envelope.get("jsonrpc"))
        raise RpcError(INVALID_REQUEST, f'"jsonrpc" must be "2.0"; found {found}.', id=request_id)
    method = envelope.get("method")
    if not isinstance(method, str):
        raise RpcError(
            INVALID_REQUEST, f'"method" is a text; found {describe(method)}.', id=request_id
        )
    params = envelope.get("params", {})
    if not isinstance(params, dict):
        raise RpcError(
            INVALID_REQUEST, f'"params" is an object; found {describe(params)}.', id=request_id
        )
    return Request(method, params, request_id, is_notification="id" not in envelope)


def result_line(request_id: RequestId, result: object) -> bytes:
    """Raises TypeError or ValueError for a result that JSON can't hold."""
    return _line({"jsonrpc": "2.0", "id": request_id, "result": result})


def error_line(error: RpcError) -> bytes:
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.data is not None:
        body["data"] = error.data
    return _line({"jsonrpc": "2.0", "id": error.id, "error": body})


def describe(value: object) -> str:
    """A value as a message shows it: short, however long or deep it is."""
    return _SHORT.repr(value)


def _line(reply: dict[str, Any]) -> bytes:
    # ASCII: a lone surrogate out of a request's "\ud800" can't be written as UTF-8.
    return json.dumps(reply, allow_nan=False).encode("ascii") + b"\n"


def _is_id(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, (str, int)) and not isinstance(value, bool))
