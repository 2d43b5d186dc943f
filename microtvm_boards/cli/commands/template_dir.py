"""microtvm-boards template-dir"""

from __future__ import annotations

import click

from microtvm_boards import resources
from microtvm_boards.cli.output import Output, standard


@click.command("template-dir")
@standard
def template_dir(output: Output) -> None:
    """Print the directory for tvmc's --template-dir."""
    directory = str(resources.template_dir())
    output.text(directory)
    output.document({"template_dir": directory})
