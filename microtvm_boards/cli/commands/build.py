"""microtvm-boards build"""

from __future__ import annotations

from pathlib import Path

import click

from microtvm_boards.cli.device import open_project, project_argument
from microtvm_boards.cli.output import Output, standard
from microtvm_boards.cli.show.stack import stack_json, stack_table, warn_of_stack
from microtvm_boards.cli.show.tables import (
    linked_json,
    linked_table,
    memory_use_json,
    memory_use_table,
)


@click.command()
@project_argument
@standard
def build(output: Output, project: Path) -> None:
    """Compile and link a project.

    Only what changed is compiled again. A failed build leaves the last good firmware in place and
    prints the compiler's first error.
    """
    from microtvm_boards.firmware.linked_needs import linked_needs

    opened, platform = open_project(project)
    with output.work(f"Building {opened.directory.name}") as work:
        result = platform.build(opened, progress=work.line)
    output.text(f"Built {result.firmware} in {result.seconds:.1f} s")
    output.text(memory_use_table(result.memory))
    needs = linked_needs(opened, result.firmware, platform.memories(opened))
    output.text(linked_table(needs))
    output.text("\n" + stack_table(result.stack) if result.stack else "")
    warn_of_stack(result.stack)
    output.document(
        {
            "firmware": str(result.firmware),
            "seconds": round(result.seconds, 3),
            "memory": memory_use_json(result.memory),
            "preflight": linked_json(needs),
            "stack": stack_json(result.stack),
            "warnings": [w for w in [result.stack and result.stack.warning] if w],
            "log": str(result.log),
        }
    )
