"""What the commands on a project share: the PROJECT argument, and which device is meant."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from microtvm_boards.cli.options import add_flags
from microtvm_boards.project.options.declare import Method, specs_of
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.resolve import Layer, Origin

if TYPE_CHECKING:
    from microtvm_boards.platforms import Platform
    from microtvm_boards.project.project import Project

project_argument = click.argument("project", type=click.Path(path_type=Path))
model_option = click.option(
    "--model",
    "model_key",
    metavar="NAME|N",
    help="Which model of the project: its name, or its number from 0.  [default: 0]",
)
models_option = click.option(
    "--model",
    "model_key",
    metavar="NAME|N",
    help="Which model of the project: its name, or its number from 0.  [default: all]",
)
timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Longest wait for each answer of the device.",
)


def device_flags(command: Callable[..., object]) -> Callable[..., object]:
    """The options of commands that talk to the running firmware, as the argument `device`."""
    return _with_options(command, "open_transport")


def flash_flags(command: Callable[..., object]) -> Callable[..., object]:
    """The options that choose flasher and board, as the argument `device`: a DeviceOptions."""
    return _with_options(command, "flash")


def _with_options(command: Callable[..., object], method: Method) -> Callable[..., object]:
    specs = [spec for spec in specs_of(DeviceOptions) if method in spec.methods]

    @functools.wraps(command)
    def checked(*args: Any, **kwargs: Any) -> object:
        from microtvm_boards.project.options.parse import parse_options

        flags = Layer(Origin("flag"), {spec.name: kwargs.pop(spec.name) for spec in specs})
        return command(*args, device=parse_options([flags], method).device, **kwargs)

    return add_flags(checked, specs)


def open_project(directory: Path) -> tuple[Project, Platform]:
    """Raises ProjectError when `directory` isn't a project."""
    from microtvm_boards.platforms import get_platform
    from microtvm_boards.project.project import Project

    project = Project.open(directory)
    return project, get_platform(project.platform)


def reflash_note(project: Project, platform: Platform, device: DeviceOptions) -> str:
    """What to say when firmware that traces operators was brought onto a real board."""
    if not platform.on_hardware(project, device):
        return ""
    return (
        "The board now holds firmware that traces operators. To bring yours back: "
        f"microtvm-boards flash {project.directory}"
    )
