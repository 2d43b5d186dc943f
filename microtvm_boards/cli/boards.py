"""microtvm-boards boards list, microtvm-boards boards show"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from microtvm_boards.cli.lazy import LazyCommand, LazyGroup
from microtvm_boards.cli.output import Output, json_option, standard, verbose_option
from microtvm_boards.cli.tables import table

if TYPE_CHECKING:
    from microtvm_boards.boards import Board


@click.group(
    cls=LazyGroup,
    lazy={
        "list": LazyCommand(f"{__name__}:list_boards", "List the boards that have a file."),
        "show": LazyCommand(f"{__name__}:show_board", "Show everything a board's file says."),
    },
)
@json_option
@verbose_option
def boards() -> None:
    """List the known boards, or show one."""


@click.command("list")
@standard
def list_boards(output: Output) -> None:
    """List the boards that have a file."""
    from microtvm_boards.boards import board_names, load_board

    known = [load_board(name) for name in board_names()]
    output.text(
        table(
            ("Board", "CPU", "Platforms", "Emulator", "Description"),
            [
                (
                    board.name,
                    board.cpu.name or "-",
                    ", ".join(board.platforms),
                    "yes" if board.emulator else "no",
                    board.description,
                )
                for board in known
            ],
        )
    )
    output.document({"boards": [_document(board) for board in known]})


@click.command("show")
@click.argument("name")
@standard
def show_board(output: Output, name: str) -> None:
    """Show everything a board's file says; NAME may be the path of a board file of your own."""
    from microtvm_boards.boards import load_board

    board = load_board(name)
    output.text(f"{board.name}: {board.description}")
    for field, value in _fields(board):
        output.text(f"  {field:<10} {value}")
    output.text(
        table(
            ("Memory", "Origin", "Size", "Use"),
            [
                (m.name, f"{m.origin:#010x}", f"{m.size:,}", ", ".join(m.use))
                for m in board.memories
            ],
            numbers=("Size",),
        )
    )
    output.document(_document(board))


def _fields(board: Board) -> list[tuple[str, str]]:
    """What the file says, in words; what it leaves out is left out."""
    fields = [
        ("platforms", ", ".join(board.platforms)),
        ("cpu", " ".join([board.cpu.name, *board.cpu.flags])),
        ("clock", f"{board.clock_hz / 1e6:g} MHz" if board.clock_hz else ""),
        ("flashers", ", ".join(board.flashers)),
        ("usb", ", ".join(f"{usb.vid:04x}:{usb.pid:04x}" for usb in board.usb_ids)),
    ]
    if board.uart is not None:
        uart = board.uart
        irq = "" if uart.irq is None else f", interrupt {uart.irq}"
        fields.append(("uart", f"{uart.driver} at {uart.base:#010x}{irq}, {uart.baud} baud"))
    if board.emulator is not None:
        emulator = board.emulator
        words = [emulator.program, "-M", emulator.machine, *emulator.args]
        if emulator.icount is not None:
            words.append(f"(1 instruction takes {2**emulator.icount} ns)")
        fields.append(("emulator", " ".join(words)))
    fields.append(("file", str(board.source)))
    return [(field, value.strip()) for field, value in fields if value.strip()]


def _document(board: Board) -> dict[str, Any]:
    return {**asdict(board), "source": str(board.source)}
