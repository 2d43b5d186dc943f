"""The parameters of each method: all are mandatory, extra ones are refused, as upstream does."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from microtvm_boards.server.jsonrpc import INVALID_PARAMS, MAX_LINE_BYTES, RpcError, describe

Check = Callable[[Any], Any]

# Longer than any session; longer ones overflow the C types that select() and poll() take.
_LONGEST_SECONDS = 1e6


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def _options(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an object")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_LINE_BYTES:
        raise ValueError(f"a whole number from 1 to {MAX_LINE_BYTES}")
    return value


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:  # or NaN
        raise ValueError("a number of seconds from 0 or null")
    return float(min(value, _LONGEST_SECONDS))


def _payload(value: Any) -> bytes:
    try:
        return base64.b85decode(_text(value))
    except ValueError as error:
        raise ValueError("bytes in base85 (Python's base64.b85encode)") from error


SIGNATURES: Mapping[str, Mapping[str, Check]] = {
    "server_info_query": {"tvm_version": _text},
    "generate_project": {
        "model_library_format_path": _text,
        "standalone_crt_dir": _text,
        "project_dir": _text,
        "options": _options,
    },
    "build": {"options": _options},
    "flash": {"options": _options},
    "open_transport": {"options": _options},
    "close_transport": {},
    "read_transport": {"n": _count, "timeout_sec": _seconds},
    "write_transport": {"data": _payload, "timeout_sec": _seconds},
}


def check_params(method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """`params` as `method` takes them: base85 decoded, seconds as float or None.

    Raises RpcError INVALID_PARAMS for a missing, an extra or a mistyped one. `method` is a key of
    SIGNATURES.
    """
    signature = SIGNATURES[method]
    if params.keys() != signature.keys():
        missing = [name for name in signature if name not in params]
        extra = [name for name in params if name not in signature]
        found = [f'"{name}" is missing' for name in missing]
        found += [f"{describe(name)} is not one of its parameters" for name in extra[:5]]
        raise RpcError(INVALID_PARAMS, f"{method}: {', '.join(found)}.")
    checked = {}
    for name, check in signature.items():
        try:
            checked[name] = check(params[name])
        except ValueError as error:
            raise RpcError(
                INVALID_PARAMS, f'{method}: "{name}" is {error}; found {describe(params[name])}.'
            ) from None
    return checked
