"""microtvm-boards flash"""

from __future__ import annotations

from pathlib import Path

import click

from microtvm_boards.cli.device import open_project, project_argument, serial_number_flag
from microtvm_boards.cli.output import Output, standard


@click.command()
@project_argument
@serial_number_flag
@standard
def flash(output: Output, project: Path, serial_number: str | None) -> None:
    """Bring the firmware onto the board.

    Flashes the last good build, and nothing when the last build failed.
    """
    opened, platform = open_project(project)
    with output.work(f"Flashing {opened.board.name}") as work:
        how = platform.flash(opened, serial_number=serial_number, progress=work.line)
    output.text(how)
    output.document({"board": opened.board.name, "flashed": how})
