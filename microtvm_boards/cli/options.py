"""Command-line options made from project.options, where each is declared once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import click

from microtvm_boards.errors import UsageError
from microtvm_boards.project.options.declare import OptionSpec, specs_of
from microtvm_boards.project.options.resolve import Layer, Origin
from microtvm_boards.project.options.table import ProjectOptions

F = TypeVar("F", bound=Callable[..., object])


def described(spec: OptionSpec) -> str:
    """The help of one option with its default."""
    notes = ["required"] if spec.required else []
    default = spec.told_default
    if default is not None:
        notes.append(f"default: {str(default).lower() if spec.kind == 'bool' else default}")
    return spec.help + (f"  [{'; '.join(notes)}]" if notes else "")


def add_flags(command: F, specs: Iterable[OptionSpec]) -> F:
    """Each as a flag of `command`. Their values stay texts, for parse_options to check."""
    for spec in reversed([*specs]):
        kind = "TEXT" if spec.kind == "str" else spec.kind.upper()
        metavar = "|".join(spec.choices) if spec.choices else kind
        name = "--" + spec.name.replace("_", "-")
        command = click.option(name, metavar=metavar, help=described(spec))(command)
    return command


def create_flags(command: F) -> F:
    """The options of `create` that have a flag of their own."""
    return add_flags(command, (spec for spec in specs_of(ProjectOptions) if spec.flag))


def layers(flag_values: Mapping[str, str | None], pairs: Iterable[str]) -> list[Layer]:
    """Flags, and the NAME=VALUE `pairs` of --option.

    Raises UsageError for a pair without "=", or a name that was given twice with two values.
    """
    flags = {name: value for name, value in flag_values.items() if value is not None}
    named: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or not name:
            raise UsageError(
                f'--option takes NAME=VALUE; found "{pair}".',
                hint="microtvm-boards create --help lists all options",
            )
        first = named.setdefault(name, flags.get(name, value))
        if first != value:
            raise UsageError(
                f'Option "{name}" was given twice: "{first}" and "{value}".',
                hint="give it once",
            )
    return [Layer(Origin("flag"), flags), Layer(Origin("-o"), named)]
