"""How an option is declared: as a field of a frozen dataclass, so that it is its typed value, too.

    port: str | None = option(None, OptionSpec("Serial port of the board.", optional=(...)))

The field says name, type and default; the spec says the rest. Command line, Project API, parser and
documentation read `specs_of` the dataclass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from types import NoneType
from typing import Any, Literal, get_args, get_type_hints

Method = Literal["generate_project", "build", "flash", "open_transport"]
METHODS: tuple[Method, ...] = get_args(Method)
Kind = Literal["str", "int", "bool", "list"]

_KINDS: dict[object, Kind] = {str: "str", int: "int", bool: "bool", tuple[str, ...]: "list"}
_SPEC = "option"
_read: dict[type, tuple[OptionSpec, ...]] = {}


class Reach(Enum):
    """What the value of an option changes. Whoever takes over options from one project to another
    asks for it."""

    KERNELS = "what compiled kernels compute, or need to compile"
    FIRMWARE = "any other part of a firmware"
    MODEL = "what only a firmware with a model has"
    MAIN = "the main() of entry point c"
    NOTHING = "no firmware: how work is done, and with which device"


@dataclass(frozen=True)
class Least:
    """The smallest value of a number, and what to say of a smaller one."""

    value: int
    why: str  # goes on after "NAME is 5; "
    hint: str


@dataclass(frozen=True)
class OptionSpec:
    """One option. `required` and `optional` list the Project API methods that look at it."""

    help: str
    required: tuple[Method, ...] = ()
    optional: tuple[Method, ...] = ()
    choices: tuple[str, ...] | None = None
    least: Least | None = None  # of a number; 0 when unset
    reach: Reach = Reach.FIRMWARE
    flag: bool = False  # of its own in `create`; the others go through --option
    announced: bool = True  # TVM sends announced defaults back as if they had been chosen
    read: Callable[[Any], Any] | None = None  # checks the typed value and gives its final form
    # From here on as its field and its group say.
    name: str = ""
    kind: Kind = "str"
    default: Any = None
    platform: str | None = None  # the one that brings it

    @property
    def methods(self) -> tuple[Method, ...]:
        return self.required + self.optional

    @property
    def told_default(self) -> str | int | bool | None:
        """What users and TVM hear of; None where unset means something else than a value."""
        if not self.announced or self.kind == "list":
            return None
        told: str | int | bool | None = self.default
        return told


def option(default: Any, spec: OptionSpec) -> Any:
    """The field of an option."""
    return field(default=default, metadata={_SPEC: spec})


def specs_of(group: type) -> tuple[OptionSpec, ...]:
    """The options that the dataclass `group` declares, complete; other fields are passed over."""
    if group not in _read:
        _read[group] = _specs_of(group)
    return _read[group]


def _specs_of(group: type) -> tuple[OptionSpec, ...]:
    hints = get_type_hints(group)
    return tuple(
        replace(f.metadata[_SPEC], name=f.name, kind=_kind(group, f.name, hints), default=f.default)
        for f in fields(group)
        if _SPEC in f.metadata
    )


def _kind(group: type, name: str, hints: dict[str, Any]) -> Kind:
    hint = hints[name]
    parts = (hint,) if hint in _KINDS else set(get_args(hint)) - {NoneType}  # X | None
    found = [_KINDS[part] for part in parts if part in _KINDS]
    if len(found) != 1:
        raise TypeError(f"{group.__name__}.{name}: an option can't be of type {hint}")
    return found[0]


def changed(group: object) -> dict[str, Any]:
    """The options of `group` that differ from their defaults, as JSON has them."""
    found = {}
    for spec in specs_of(type(group)):
        value = getattr(group, spec.name)
        if value != spec.default:
            found[spec.name] = list(value) if isinstance(value, tuple) else value
    return found
