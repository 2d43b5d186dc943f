"""What the commands on a project share: the PROJECT argument, and which device is meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from microtvm_boards.cli.options import flag

if TYPE_CHECKING:
    from microtvm_boards.platforms import Platform
    from microtvm_boards.project.manifest import Project
    from microtvm_boards.project.options import ProjectOptions
    from microtvm_boards.transports.base import Transport

F = TypeVar("F", bound=Callable[..., object])

project_argument = click.argument("project", type=click.Path(path_type=Path))
serial_number_flag = flag("serial_number")
_gdbserver_port_flag = flag("gdbserver_port")


def device_flags(command: F) -> F:
    """The options of commands that talk to the running firmware; see `transport`."""
    return serial_number_flag(_gdbserver_port_flag(command))


def open_project(directory: Path) -> tuple[Project, Platform]:
    """Raises ProjectError when `directory` isn't a project."""
    from microtvm_boards.platforms import get_platform
    from microtvm_boards.project.manifest import Project

    project = Project.open(directory)
    return project, get_platform(project.platform)


def transport(
    project: Project, platform: Platform, serial_number: str | None, gdbserver_port: str | None
) -> Transport:
    """A transport, not yet open, from the values of `device_flags`. Raises UsageError for those."""
    options = device_options(serial_number, gdbserver_port)
    return platform.transport(
        project, serial_number=options.serial_number, gdbserver_port=options.gdbserver_port
    )


def device_options(serial_number: str | None, gdbserver_port: str | None) -> ProjectOptions:
    """The values of `device_flags`, checked. Raises UsageError."""
    from microtvm_boards.project.options import parse_options

    return parse_options(
        {"serial_number": serial_number, "gdbserver_port": gdbserver_port}, "open_transport"
    )
