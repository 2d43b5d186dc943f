"""microtvm-boards create"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from microtvm_boards.cli.options import create_flags, described, layers
from microtvm_boards.cli.output import Output, standard
from microtvm_boards.cli.show.tables import preflight_table
from microtvm_boards.project.options.resolve import Layer, Origin

if TYPE_CHECKING:
    from microtvm_boards.boards import Memory
    from microtvm_boards.project.options.table import ProjectOptions
    from microtvm_boards.project.project import Project


class _CreateCommand(click.Command):
    """`--help` also lists the options that have no flag of their own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from microtvm_boards.project.options.known import known_options

        super().format_options(ctx, formatter)
        specs = known_options().taken_by("generate_project")
        rows = [(f"-o {spec.name}=", described(spec)) for spec in specs if not spec.flag]
        with formatter.section("Project options (-o NAME=VALUE)"):
            formatter.write_dl(rows, col_max=28)


@click.command(cls=_CreateCommand)
@click.argument("model", metavar="MODEL.tar", type=click.Path(path_type=Path))
@click.argument("project", type=click.Path(path_type=Path), required=False)
@create_flags
@click.option(
    "--model",
    "more_models",
    multiple=True,
    metavar="[NAME=]PATH",
    help="One more model library for the same firmware; can be repeated.",
)
@click.option(
    "-o",
    "--option",
    "pairs",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any project option, those below too; can be repeated.",
)
@click.option(
    "--dry-run", is_flag=True, help="Show what it would need in each memory and write nothing."
)
@click.option("--into", is_flag=True, help="PROJECT is one of STM32CubeMX: add a folder microtvm/.")
@click.option(
    "--force", is_flag=True, help="With --into: replace microtvm/, change the build files there."
)
@standard
def create(
    output: Output,
    /,
    model: Path,
    project: Path | None,
    dry_run: bool,
    into: bool,
    force: bool,
    more_models: tuple[str, ...],
    pairs: tuple[str, ...],
    **flag_values: str | None,
) -> None:
    """Make a project from a model for a board.

    MODEL.tar is a Model Library Format tar, as TVM exports it; PROJECT is a directory that doesn't
    exist yet. Nothing is left behind when the model doesn't fit the board.

    With --into the model goes into a project that STM32CubeMX made (entry point c): a folder
    microtvm/ with the model, its runtime, a CMakeLists.txt and a fragment for Make. No other file
    is touched without --force.
    """
    from microtvm_boards.cli.commands.into import add_into
    from microtvm_boards.errors import UsageError
    from microtvm_boards.project import create as create_project
    from microtvm_boards.project.options.parse import parse_options

    given = layers(flag_values, pairs)
    if more_models:
        models = [text.replace("=", ":", 1) for text in more_models]
        given.insert(0, Layer(Origin("flag"), {"more_models": models}))
    if dry_run:
        _show(output, model, parse_options(given, "generate_project"))
        return
    if project is None:
        raise UsageError(
            "create needs a directory to write the project to.",
            hint="microtvm-boards create MODEL.tar PROJECT --board BOARD; --dry-run writes nothing",
        )
    if into or force:
        add_into(output, model, project, given, into=into, force=force)
        return
    options = parse_options(given, "generate_project")
    created = create_project(model, project, options)
    output.text(
        f"Created {created.directory}: {_names(created)} for board {created.board.name} "
        f"(platform {created.platform}, entry point {created.entrypoint})"
    )
    output.text(preflight_table(created.manifest.memory, created.board.memories))
    _warn(created.manifest.warnings)
    output.document(_document(created))


def _show(output: Output, model: Path, options: ProjectOptions) -> None:
    """What `create` would do."""
    from microtvm_boards.project.generate import prepare
    from microtvm_boards.project.records import to_json

    plan = prepare(model, options)
    output.text(preflight_table(plan.needs, plan.board.memories))
    _warn(plan.warnings)
    output.document(
        {
            "project": None,
            "board": plan.board.name,
            "platform": plan.platform,
            "entrypoint": plan.entrypoint,
            "models": [m.module.name for m in plan.modules],
            "memory": to_json(plan.needs),
            "memories": _memories(plan.board.memories),
            "warnings": list(plan.warnings),
        }
    )


def _warn(warnings: Iterable[str]) -> None:
    for warning in warnings:
        click.echo(f"Warning: {warning}.", err=True)


def _memories(memories: Iterable[Memory]) -> list[dict[str, Any]]:
    return [{"memory": m.name, "size_bytes": m.size} for m in memories]


def _names(project: Project) -> str:
    if not project.models:
        return "single operators"
    kind = "model" if len(project.models) == 1 else "models"
    return f"{kind} {', '.join(model.name for model in project.models)}"


def _document(project: Project) -> dict[str, Any]:
    from microtvm_boards.project.records import to_json

    return {
        "project": str(project.directory),
        "board": project.board.name,
        "platform": project.platform,
        "entrypoint": project.entrypoint,
        "models": [model.name for model in project.models],
        "memory": to_json(project.manifest.memory),
        "memories": _memories(project.board.memories),
        "warnings": list(project.manifest.warnings),
    }
