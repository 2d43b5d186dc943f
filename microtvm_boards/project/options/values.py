"""One value of an option as its declared type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from microtvm_boards.errors import UsageError, nearest, relative_path_hint
from microtvm_boards.project.options.declare import OptionSpec
from microtvm_boards.project.options.resolve import Value


def parse_value(spec: OptionSpec, given: Value) -> Any:
    """The value as `spec` declares it; None when unset. Raises UsageError for any other."""
    value = given.value
    if value is None:
        return None
    if spec.kind == "bool":
        return _parse_bool(spec, given)
    if spec.kind == "int":
        return _parse_int(spec, given)
    if spec.kind == "list":
        return _parse_list(spec, given)
    if not isinstance(value, str):
        raise _wrong(spec, given, "a text")
    if spec.choices is not None and value not in spec.choices:
        raise UsageError(
            f'Option "{spec.name}" is one of {", ".join(spec.choices)}; found "{value}"'
            f"{given.origin.words}.{nearest(value, spec.choices)}"
        )
    return value


def _parse_bool(spec: OptionSpec, given: Value) -> bool:
    if isinstance(given.value, bool):
        return given.value
    text = str(given.value).lower()
    if text in ("true", "1", "yes", "on"):
        return True
    if text in ("false", "0", "no", "off"):
        return False
    raise _wrong(spec, given, "true or false")


def _parse_int(spec: OptionSpec, given: Value) -> int:
    value = given.value
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise _wrong(spec, given, "a whole number")
    try:
        number = value if isinstance(value, int) else int(value, 0)
    except ValueError:
        raise _wrong(spec, given, "a whole number") from None
    if number < 0:
        raise _wrong(spec, given, "a whole number of at least 0")
    return number


def _parse_list(spec: OptionSpec, given: Value) -> tuple[str, ...]:
    """Upstream declares compile_definitions as str but its callers pass lists: both are taken."""
    value = given.value
    if isinstance(value, str):
        if not value.startswith("["):
            return tuple(value.split())
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            raise _wrong(spec, given, "a list") from None
    if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) for v in value):
        raise _wrong(spec, given, "a list of texts")
    return tuple(value)


def _wrong(spec: OptionSpec, given: Value, expected: str) -> UsageError:
    return UsageError(
        f'Option "{spec.name}" takes {expected}; found {given.value!r}{given.origin.words}.',
        hint=spec.help,
    )


def existing_file(path: str, option: str) -> Path:
    """`path` as an absolute Path; raises UsageError when there is no such file."""
    given = Path(path).expanduser()
    resolved = given.resolve()
    if not resolved.is_file():
        raise UsageError(
            f'Option "{option}" names a file; there is none at {resolved}.',
            hint=relative_path_hint(given),
        )
    return resolved
