"""microtvm-boards flash"""

from __future__ import annotations

from pathlib import Path

import click

from microtvm_boards.cli.options import project_argument
from microtvm_boards.cli.output import Output, standard


@click.command()
@project_argument
@standard
def flash(output: Output, project: Path) -> None:
    """Bring the firmware onto the board.

    Flashes the last good build, and nothing when the last build failed.
    """
    from microtvm_boards.platforms import get_platform
    from microtvm_boards.project.manifest import Project

    opened = Project.open(project)
    with output.work(f"Flashing {opened.board.name}") as work:
        how = get_platform(opened.platform).flash(opened, progress=work.line)
    output.text(how)
    output.document({"board": opened.board.name, "flashed": how})
