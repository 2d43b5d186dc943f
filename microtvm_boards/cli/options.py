"""Command-line options made from project.options, where each is declared once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import click

from microtvm_boards.errors import UsageError
from microtvm_boards.project.options.table import OPTIONS, OptionSpec

F = TypeVar("F", bound=Callable[..., object])

# Options of `create` with a flag of their own; the others go through --option.
FLAGS = (
    "board",
    "platform",
    "model_entrypoint_api",
    "optimization",
    "runtime",
    "app",
    "sample_inputs",
)


def create_specs() -> tuple[OptionSpec, ...]:
    """The options that `create` looks at."""
    return tuple(s for s in OPTIONS if "generate_project" in s.required + s.optional)


def describe(spec: OptionSpec) -> str:
    """The help of one option with its default."""
    notes = ["required"] if spec.required else []
    if spec.default is not None:
        default = str(spec.default).lower() if spec.kind == "bool" else str(spec.default)
        notes.append(f"default: {default}")
    return spec.help + (f"  [{'; '.join(notes)}]" if notes else "")


def flag(name: str) -> Callable[[F], F]:
    """The declared option `name` as --name. Its value stays a text, for parse_options to check."""
    spec = next(s for s in OPTIONS if s.name == name)
    metavar = "|".join(spec.choices) if spec.choices else spec.kind.upper().replace("STR", "TEXT")
    return click.option("--" + name.replace("_", "-"), metavar=metavar, help=describe(spec))


def flags(command: F) -> F:
    """Adds the FLAGS to a command."""
    for name in reversed(FLAGS):
        command = flag(name)(command)
    return command


def merge(flag_values: Mapping[str, str | None], pairs: Iterable[str]) -> dict[str, object]:
    """Flags and the NAME=VALUE `pairs` of --option as one mapping for parse_options.

    Raises UsageError for a pair without "=", or a name that was given twice with two values.
    """
    merged: dict[str, object] = {k: v for k, v in flag_values.items() if v is not None}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name:
            raise UsageError(
                f'--option takes NAME=VALUE; found "{pair}".',
                hint="microtvm-boards create --help lists all options",
            )
        if merged.setdefault(name, value) != value:
            raise UsageError(
                f'Option "{name}" was given twice: "{merged[name]}" and "{value}".',
                hint="give it once",
            )
    return merged
