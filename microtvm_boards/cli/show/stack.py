"""The stack of a firmware in commands' output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from microtvm_boards.cli.show.tables import Row, table

if TYPE_CHECKING:
    from microtvm_boards.firmware.stack_use import StackUse


def stack_table(use: StackUse | None) -> str:
    """Reserved, worst case and high-water mark, in bytes; "" where nothing measured them."""
    if use is None:
        return ""
    reserved = "by the build, for the worst case"
    if not use.automatic:
        reserved = "as it was chosen"
    elif use.static_bytes is None:
        reserved = "as it was planned"
    rows: list[Row] = [
        ("reserved", f"{use.reserved_bytes:,}", reserved),
        ("static worst case", _bytes(use.static_bytes), _worst(use)),
        ("high-water mark", _bytes(use.used_bytes), _mark(use)),
    ]
    return table(("Stack", "Bytes", "What it is"), rows, numbers=("Bytes",))


def stack_json(use: StackUse | None) -> dict[str, Any] | None:
    if use is None:
        return None
    return {
        "reserved_bytes": use.reserved_bytes,
        "static_bytes": use.static_bytes,
        "used_bytes": use.used_bytes,
        "main_bytes": use.main_bytes,
        "interrupts": dict(use.interrupts),
        "automatic": use.automatic,
        "chain": [{"function": name, "frame_bytes": frame} for name, frame in use.chain],
        "allowances": dict(use.allowances),
        "problems": list(use.problems),
    }


def warn_of_stack(use: StackUse | None) -> None:
    """On stderr, when the stack is too small."""
    if use is not None and use.warning is not None:
        click.echo(f"Warning: {use.warning}.", err=True)


def _bytes(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def _worst(use: StackUse) -> str:
    if use.static_bytes is None or use.main_bytes is None:
        why = min(use.problems, key=len, default="nothing measured it")
        more = f", and {len(use.problems) - 1} more (build/stack.json)" if use.problems[1:] else ""
        return f"not known: {why}{more}"
    text = f"{use.main_bytes:,} of the program, {use.static_bytes - use.main_bytes:,} of interrupts"
    if use.allowances:
        assumed = [f"{size} for {_name(name)}" for name, size in use.allowances.items()]
        text += "; assumed are " + ", ".join(assumed[:3]) + (" ..." if assumed[3:] else "")
    return text


def _name(function: str) -> str:
    from microtvm_boards.firmware.stack_graph import INDIRECT

    return "calls through pointers of libraries" if function == INDIRECT else function


def _mark(use: StackUse) -> str:
    if use.used_bytes is None:
        return "of the painted stack: not run yet"
    return "of the painted stack, in all runs of this firmware"
