"""Arguments and options that several commands share, and those made from project.options."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from microtvm_boards.errors import UsageError
from microtvm_boards.project.options import OPTIONS, OptionSpec

F = TypeVar("F", bound=Callable[..., Any])

project_argument = click.argument("project", type=click.Path(path_type=Path))

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
    """The help of one option with its choices and default."""
    notes = []
    if spec.required:
        notes.append("required")
    if spec.default is not None:
        default = str(spec.default).lower() if spec.kind == "bool" else str(spec.default)
        notes.append(f"default: {default}")
    return spec.help + (f"  [{'; '.join(notes)}]" if notes else "")


def flags(command: F) -> F:
    """Adds the FLAGS to a command. Values stay texts: parse_options checks them for all callers."""
    specs = {spec.name: spec for spec in create_specs()}
    for name in reversed(FLAGS):
        spec = specs[name]
        command = click.option(
            "--" + name.replace("_", "-"),
            metavar="|".join(spec.choices) if spec.choices else "TEXT",
            help=describe(spec),
        )(command)
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
