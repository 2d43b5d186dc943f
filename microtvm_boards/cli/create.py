"""microtvm-boards create"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from microtvm_boards.cli.options import FLAGS, create_specs, describe, flags, merge
from microtvm_boards.cli.output import Output, standard
from microtvm_boards.cli.tables import preflight_table

if TYPE_CHECKING:
    from microtvm_boards.project.manifest import Project


class _CreateCommand(click.Command):
    """`--help` also lists the options that have no flag of their own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_options(ctx, formatter)
        rows = [(f"-o {s.name}=", describe(s)) for s in create_specs() if s.name not in FLAGS]
        with formatter.section("Project options (-o NAME=VALUE)"):
            formatter.write_dl(rows, col_max=28)


@click.command(cls=_CreateCommand)
@click.argument("model", metavar="MODEL.tar", type=click.Path(path_type=Path))
@click.argument("project", type=click.Path(path_type=Path))
@flags
@click.option(
    "-o",
    "--option",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any project option, those below too; can be repeated.",
)
@standard
def create(
    output: Output,
    /,
    model: Path,
    project: Path,
    pairs: tuple[str, ...],
    **flag_values: str | None,
) -> None:
    """Make a project from a model for a board.

    MODEL.tar is a Model Library Format tar, as TVM exports it; PROJECT is a directory that doesn't
    exist yet. Nothing is left behind when the model doesn't fit the board.
    """
    from microtvm_boards.project import create as create_project
    from microtvm_boards.project.options import parse_options

    options = parse_options(merge(flag_values, pairs), "generate_project")
    created = create_project(model, project, options)
    output.text(
        f"Created {created.directory}: {_names(created)} for board {created.board.name} "
        f"(platform {created.platform}, entry point {created.entrypoint})"
    )
    output.text(preflight_table(created.manifest["memory"], created.board.memories))
    output.document(_document(created))


def _names(project: Project) -> str:
    kind = "model" if len(project.models) == 1 else "models"
    return f"{kind} {', '.join(model.name for model in project.models)}"


def _document(project: Project) -> dict[str, Any]:
    return {
        "project": str(project.directory),
        "board": project.board.name,
        "platform": project.platform,
        "entrypoint": project.entrypoint,
        "models": [model.name for model in project.models],
        "memory": project.manifest["memory"],
        "memories": [{"memory": m.name, "size_bytes": m.size} for m in project.board.memories],
    }
