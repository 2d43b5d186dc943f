"""microtvm-boards flash"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from microtvm_boards.cli.device import flash_flags, open_project, project_argument
from microtvm_boards.cli.output import Output, standard

if TYPE_CHECKING:
    from microtvm_boards.project.options.device import DeviceOptions


@click.command()
@project_argument
@flash_flags
@standard
def flash(output: Output, project: Path, device: DeviceOptions) -> None:
    """Bring the firmware onto the board.

    Flashes the last good build, and nothing when the last build failed.
    """
    opened, platform = open_project(project)
    with output.work(f"Flashing {opened.board.name}") as work:
        how = platform.flash(opened, device, progress=work.line)
    output.text(how)
    output.document({"board": opened.board.name, "flashed": how})
