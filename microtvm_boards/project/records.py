"""Dataclasses as JSON and back; on the way in every type is checked.

Fields are str, int, float, bool, an Enum, another dataclass, tuple[X, ...], Mapping[str, X] or
X | None of these.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache, partial
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
OMITTED = {"omitted": True}  # metadata of a field that is written only where it isn't its default
_READ = "read"


def read_by(read: Callable[[object, str], Any]) -> Mapping[str, Any]:
    """Metadata of a field that `read` makes of its JSON; it is also told where that is."""
    return {_READ: read}


def to_json(value: object) -> Any:
    """Fields in their order; tuples as lists, enums as their values."""
    if is_dataclass(value):
        return {f.name: to_json(getattr(value, f.name)) for f in fields(value) if _shown(value, f)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: to_json(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [to_json(inner) for inner in value]
    return value


def _shown(record: object, field: Field[Any]) -> bool:
    return not (field.metadata.get("omitted") and getattr(record, field.name) == field.default)


def from_json(kind: type[T], data: object, where: str = "") -> T:
    """The dataclass `kind` from what `to_json` made of it. Fields with a default may be missing;
    what `kind` doesn't know is left out.

    Raises ValueError that says where what was needed and what was found.
    """
    return kind(**read_fields(kind, data, where))


def read_fields(
    kind: type, data: object, where: str, names: Collection[str] | None = None
) -> dict[str, Any]:
    """As `from_json`, the values of the fields `names`; of all when unset."""
    if not isinstance(data, dict):
        raise _wrong(where, "an object", data)
    values: dict[str, Any] = {}
    hints = _hints(kind)
    for field in fields(kind):
        at = f"{where}.{field.name}" if where else field.name
        if names is not None and field.name not in names:
            continue
        if field.name in data:
            read = field.metadata.get(_READ, partial(_read, hints[field.name]))
            values[field.name] = read(data[field.name], at)
        elif field.default is MISSING:
            raise ValueError(f"{at} is missing")
    return values


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _read(hint: Any, data: object, where: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):  # X | None
        if data is None:
            return None
        (hint,) = (a for a in arguments if a is not type(None))
        return _read(hint, data, where)
    if origin is tuple:
        if not isinstance(data, list):
            raise _wrong(where, "a list", data)
        return tuple(_read(arguments[0], v, f"{where}[{i}]") for i, v in enumerate(data))
    if origin is Mapping:
        if not isinstance(data, dict):
            raise _wrong(where, "an object", data)
        return {key: _read(arguments[1], value, f"{where}.{key}") for key, value in data.items()}
    if is_dataclass(hint):
        return from_json(hint, data, where)  # type: ignore[arg-type]
    return _read_scalar(hint, data, where)


def _read_scalar(kind: type, data: object, where: str) -> Any:
    if issubclass(kind, Enum):
        known = [member.value for member in kind]
        if data not in known:
            raise _wrong(where, f"one of {', '.join(map(str, known))}", data)
        return kind(data)
    if type(data) is not kind:  # a bool is an int, too
        raise _wrong(where, _WORDS[kind], data)
    return data


_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


def _wrong(where: str, needed: str, found: object) -> ValueError:
    return ValueError(f"{where or 'it'} needs {needed}, found {found!r:.60}")
