"""Where the value of an option came from, and which of several wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from microtvm_boards.project.options.pools import gather_pools

# The strongest first. "caller": of the Project API or of Python.
Source = Literal["flag", "-o", "caller", "environment", "project file", "preset", "default"]


@dataclass(frozen=True)
class Origin:
    """Where a value came from; `place`: what a user has to look at to change it, such as a file."""

    source: Source
    place: str = ""

    @property
    def words(self) -> str:
        """For a message, after what was found; nothing where the user has just typed it."""
        return f" (in {self.place})" if self.place else ""


@dataclass(frozen=True)
class Value:
    value: object
    origin: Origin


@dataclass(frozen=True)
class Layer:
    """What one origin says. Unset is what is missing, None or ""."""

    origin: Origin
    values: Mapping[str, object]

    @property
    def given(self) -> dict[str, Value]:
        """Every name that it has, unset ones too; pool.NAME as an item of pools."""
        pooled = gather_pools(self.values)
        return {name: Value(value, self.origin) for name, value in pooled.items()}


DEFAULT = Origin("default")
CALLER = Origin("caller")


def resolve(layers: Iterable[Layer]) -> dict[str, Value]:
    """Of every name the value of the first layer that sets it; None where none of them does."""
    found: dict[str, Value] = {}
    for layer in layers:
        for name, one in layer.given.items():
            unset = one.value is None or one.value == ""
            if name not in found or (found[name].value is None and not unset):
                found[name] = Value(None, DEFAULT) if unset else one
    return found
