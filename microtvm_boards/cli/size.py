"""microtvm-boards size"""

from __future__ import annotations

from pathlib import Path

import click

from microtvm_boards.cli.device import open_project, project_argument
from microtvm_boards.cli.output import Output, standard
from microtvm_boards.cli.tables import memory_use_json, memory_use_table


@click.command()
@project_argument
@standard
def size(output: Output, project: Path) -> None:
    """Show what the firmware takes in each memory, in bytes."""
    opened, platform = open_project(project)
    use = platform.memory_use(opened)
    output.text(memory_use_table(use))
    output.document({"firmware": str(platform.firmware(opened)), "memory": memory_use_json(use)})
