"""microtvm-boards create --into: a model for a project of STM32CubeMX."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from microtvm_boards.cli.show.tables import preflight_table
from microtvm_boards.errors import UsageError
from microtvm_boards.project.options.resolve import Layer, Origin

if TYPE_CHECKING:
    from microtvm_boards.cli.output import Output


def add_into(
    output: Output,
    model: Path,
    project: Path,
    given: Sequence[Layer],
    *,
    into: bool,
    force: bool,
) -> None:
    """Raises as `add_to_cubemx`."""
    from microtvm_boards.platforms.stm32cube.into_cubemx import (
        CMAKE_LINES,
        MAKE_LINE,
        add_to_cubemx,
    )
    from microtvm_boards.project.options.parse import parse_options

    if not into:
        raise UsageError(
            "--force goes with --into.", hint="remove an old project first, or choose another name"
        )
    own = Layer(Origin("preset"), {"model_entrypoint_api": "c"})
    options = parse_options([*given, own], "generate_project")
    added = add_to_cubemx(model, project, options, force=force)
    names = [m.module.name for m in added.plan.modules]
    memory = [
        {"memory": n.memory, "what": n.what, "size_bytes": n.size_bytes} for n in added.plan.needs
    ]
    output.text(f"Added {added.folder}: {', '.join(names)} for the project of {added.ioc.name}")
    output.text(preflight_table(added.plan.needs, added.plan.board.memories))
    if added.changed:
        output.text("Changed " + ", ".join(str(path) for path in added.changed))
    else:
        output.text(f"CMake: after your target in CMakeLists.txt\n{CMAKE_LINES}")
        output.text(f"Make: before OBJECTS in Makefile\n{MAKE_LINE}")
    output.document(
        {
            "folder": str(added.folder),
            "ioc": str(added.ioc),
            "models": names,
            "memory": memory,
            "changed": [str(path) for path in added.changed],
        }
    )
