"""microtvm-boards size"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from microtvm_boards.cli.device import open_project, project_argument
from microtvm_boards.cli.output import Output, standard
from microtvm_boards.cli.show.stack import stack_json, stack_table
from microtvm_boards.cli.show.tables import Row, memory_use_json, memory_use_table, table
from microtvm_boards.errors import UsageError

if TYPE_CHECKING:
    from collections import Counter

    from microtvm_boards.firmware.footprint import Piece

_LISTED = 40  # symbols in the table; --json has all


@click.command()
@project_argument
@click.option("--symbols", is_flag=True, help=f"List the {_LISTED} largest symbols, too.")
@click.option(
    "--svg",
    type=click.Path(path_type=Path),
    metavar="FILE.svg",
    help="Draw a bar for each memory, divided by part.",
)
@click.option(
    "--diff",
    "other",
    type=click.Path(path_type=Path),
    metavar="PROJECT",
    help="Show how another project differs from this one.",
)
@standard
def size(
    output: Output, project: Path, symbols: bool, svg: Path | None, other: Path | None
) -> None:
    """Show what takes the memory: by memory, part, section and symbol, in bytes.

    Parts are the model, the runtime, RPC, the app, the C library and the platform.
    """
    from microtvm_boards.firmware.footprint import footprint

    opened, platform = open_project(project)
    firmware = platform.firmware(opened)
    use = platform.memory_use(opened)
    pieces = footprint(opened, firmware, platform.memories(opened))
    stack = platform.stack_use(opened)
    if svg is not None:
        _write_svg(svg, f"{opened.directory.name} on {opened.board.name}", use, pieces)
    document: dict[str, Any] = {
        "firmware": str(firmware),
        "memory": memory_use_json(use),
        "parts": _json(pieces, "memory", "part"),
        "sections": _json(pieces, "memory", "section"),
        "stack": stack_json(stack),
        **({"symbols": _json(pieces, "memory", "part", "section", "symbol")} if symbols else {}),
    }
    if other is None:
        memories = [m.memory for m in use]
        output.text(memory_use_table(use))
        output.text("\n" + _parts_table(pieces, memories))
        output.text("\n" + _table(pieces, "memory", "section"))
        output.text("\n" + stack_table(stack) if stack else "")
        if symbols:
            output.text("\n" + _table(pieces, "memory", "part", "symbol"))
    else:
        compared, its_platform = open_project(other)
        theirs = footprint(
            compared, its_platform.firmware(compared), its_platform.memories(compared)
        )
        keys: list[tuple[str, ...]] = [("memory", "part"), ("memory", "section")]
        keys += [("memory", "part", "symbol")] if symbols else []
        for fields in keys:
            output.text(_diff_table(pieces, theirs, fields, project.name, other.name) + "\n")
        document["diff"] = {fields[-1] + "s": _diff_json(pieces, theirs, fields) for fields in keys}
    if svg is not None:
        output.text(f"Drew {svg}")
    output.document(document)


def _parts_table(pieces: tuple[Piece, ...], memories: list[str]) -> str:
    from microtvm_boards.firmware.footprint import PARTS, totals

    sums = totals(pieces, "memory", "part")
    used = [
        m
        for m in dict.fromkeys([*memories, *(memory for memory, _ in sums)])
        if any(sums[m, part] for part in PARTS)
    ]
    rows: list[Row] = [
        (part, *(f"{sums[memory, part]:,}" for memory in used), what)
        for part, what in PARTS.items()
        if any(sums[memory, part] for memory in used)
    ]
    return table(("Part", *used, "What it is"), rows, numbers=used)


def _table(pieces: tuple[Piece, ...], *fields: str) -> str:
    from microtvm_boards.firmware.footprint import totals

    ordered = totals(pieces, *fields).most_common(_LISTED)
    headers = [field.capitalize() for field in fields]
    return table((*headers, "Bytes"), [(*k, f"{n:,}") for k, n in ordered], numbers=("Bytes",))


def _json(pieces: tuple[Piece, ...], *fields: str) -> list[dict[str, Any]]:
    from microtvm_boards.firmware.footprint import totals

    return [
        {**dict(zip(fields, key, strict=True)), "size_bytes": count}
        for key, count in totals(pieces, *fields).most_common()
    ]


def _difference(
    here: tuple[Piece, ...], there: tuple[Piece, ...], fields: tuple[str, ...]
) -> tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]], list[tuple[str, ...]]]:
    """Bytes of both, and the keys that differ, the largest difference first."""
    from microtvm_boards.firmware.footprint import totals

    mine, theirs = totals(here, *fields), totals(there, *fields)
    changed = [key for key in {**mine, **theirs} if mine[key] != theirs[key]]
    changed.sort(key=lambda key: (-abs(theirs[key] - mine[key]), key))
    return mine, theirs, changed


def _diff_table(
    here: tuple[Piece, ...],
    there: tuple[Piece, ...],
    fields: tuple[str, ...],
    name: str,
    other: str,
) -> str:
    mine, theirs, changed = _difference(here, there, fields)
    if not changed:
        return f"No {fields[-1]} differs in size."
    rows = [
        (*key, f"{mine[key]:,}", f"{theirs[key]:,}", f"{theirs[key] - mine[key]:+,}")
        for key in changed[:_LISTED]
    ]
    if name == other:
        name, other = "This", "Other"
    headers = [field.capitalize() for field in fields]
    numbers = (name, other, "Difference")
    return table((*headers, *numbers), rows, numbers=numbers)


def _diff_json(
    here: tuple[Piece, ...], there: tuple[Piece, ...], fields: tuple[str, ...]
) -> list[dict[str, Any]]:
    mine, theirs, changed = _difference(here, there, fields)
    return [
        {
            **dict(zip(fields, key, strict=True)),
            "size_bytes": mine[key],
            "other_bytes": theirs[key],
            "difference": theirs[key] - mine[key],
        }
        for key in changed
    ]


def _write_svg(path: Path, title: str, use: Any, pieces: tuple[Piece, ...]) -> None:
    from microtvm_boards.cli.show.footprint_svg import draw

    try:
        path.write_text(draw(title, use, pieces), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--svg {path} can't be written: {error.strerror}.") from error
