"""Checks of untrusted values. `Malformed` says what is wrong; `Members` adds where."""

from __future__ import annotations

import json
from typing import Any

MAX_COUNT = 2**40  # bytes or elements; a microcontroller's model has no more
_MAX_JSON_BYTES = 32 << 20


class Malformed(Exception):
    """Something in a member isn't as TVM writes it: what was expected, what was found."""


def parse_json(data: bytes) -> Any:
    if len(data) > _MAX_JSON_BYTES:
        raise Malformed(f"it is larger than {_MAX_JSON_BYTES >> 20} MiB")
    try:
        return json.loads(data)
    except RecursionError as error:
        raise Malformed("it is nested too deeply") from error
    except ValueError as error:  # also UnicodeDecodeError and numbers of too many digits
        raise Malformed(f"it is not JSON: {error}") from error


def as_dict(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"{what} must be an object, found {shown(value)}")
    return value


def as_list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed(f"{what} must be a list, found {shown(value)}")
    return value


def as_str(value: object, what: str) -> str:
    """A string that can be shown on one line, and encoded: JSON can hold half characters."""
    if not isinstance(value, str) or not value.isprintable():
        raise Malformed(f"{what} must be a string of printable characters, found {shown(value)}")
    return value


def as_count(value: object, what: str) -> int:
    """A number of bytes or elements, or an index."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MAX_COUNT:
        raise Malformed(
            f"{what} must be a whole number from 0 to {MAX_COUNT}, found {shown(value)}"
        )
    return value


def member(obj: dict[str, Any], key: str, what: str) -> Any:
    if key not in obj:
        raise Malformed(f'{what} has no "{key}"')
    return obj[key]


def shown(value: object) -> str:
    """A value for a message: short, on one line."""
    try:
        text = repr(value)
    except ValueError:  # an int of too many digits for str()
        return "a huge number"
    return text if len(text) <= 60 else text[:57] + "..."
