"""microtvm-boards boards list, show and detect"""

from __future__ import annotations

from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import click

from microtvm_boards.cli.lazy import LazyCommand, LazyGroup
from microtvm_boards.cli.output import Output, json_option, standard, verbose_option
from microtvm_boards.cli.show.tables import table

if TYPE_CHECKING:
    from microtvm_boards.boards import Board, FlasherChoice


@click.group(
    cls=LazyGroup,
    lazy={
        "list": LazyCommand(f"{__name__}:list_boards", "List the boards that have a file."),
        "show": LazyCommand(f"{__name__}:show_board", "Show everything a board's file says."),
        "detect": LazyCommand(f"{__name__}:detect_boards", "List the boards that are plugged in."),
    },
)
@json_option
@verbose_option
def boards() -> None:
    """List the known boards, show one, or detect what is plugged in."""


@click.command("list")
@standard
def list_boards(output: Output) -> None:
    """List the boards that have a file."""
    from microtvm_boards.boards import load_known

    known, errors = load_known()
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
    for error in errors:
        click.echo(f"Left out: {error}", err=True)
    output.document({"boards": [_document(board) for board in known]})


@click.command("show")
@click.argument("name")
@standard
def show_board(output: Output, name: str) -> None:
    """Show everything a board's file says.

    NAME may be the path of a board file of your own, or a board of your Zephyr.
    """
    from microtvm_boards.boards import find_board

    board = find_board(name)
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


@click.command("detect")
@standard
def detect_boards(output: Output) -> None:
    """List the boards that are plugged in: their probes, ports, and which boards they may be."""
    from microtvm_boards.doctor import detect

    found = detect()
    output.text(
        table(
            ("Kind", "USB id", "Serial number", "Ports", "Product", "Boards"),
            [
                (
                    one.kind,
                    f"{one.usb_id[0]:04x}:{one.usb_id[1]:04x}",
                    one.serial_number or "-",
                    ", ".join(one.ports) or "-",
                    one.product or "-",
                    ", ".join(one.boards) or "-",
                )
                for one in found
            ],
        )
        or "No board is plugged in: no probe and no USB serial port was found."
    )
    output.document({"detected": [asdict(one) for one in found]})


def _fields(board: Board) -> list[tuple[str, str]]:
    """What the file says, in words; what it leaves out is left out."""
    from microtvm_boards.boards.find import sections

    fields = [
        ("platforms", ", ".join(board.platforms)),
        ("cpu", " ".join([board.cpu.name, *board.cpu.flags])),
        ("clock", f"{board.clock_hz / 1e6:g} MHz" if board.clock_hz else ""),
        ("flashers", ", ".join(map(_flasher, board.flashers))),
        ("usb", ", ".join(f"{usb.vid:04x}:{usb.pid:04x}" for usb in board.usb_ids)),
    ]
    if board.uart is not None:
        uart = board.uart
        where = f"{uart.driver} at {uart.base:#010x}, " if uart.base is not None else ""
        irq = "" if uart.irq is None else f"interrupt {uart.irq}, "
        fields.append(("uart", f"{where}{irq}{uart.baud} baud"))
    fields += [(part.section, part.describe(board)) for part, _ in sections(board)]
    if board.emulator is not None:
        emulator = board.emulator
        words = [emulator.program, "-M", emulator.machine, *emulator.args]
        if emulator.icount is not None:
            words.append(f"(1 instruction takes {2**emulator.icount} ns)")
        fields.append(("emulator", " ".join(words)))
    fields.append(("file", str(board.source)))
    return [(field, value.strip()) for field, value in fields if value.strip()]


def _flasher(choice: FlasherChoice) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in choice.settings.items())
    return f"{choice.name} ({settings})" if settings else choice.name


def _document(board: Board) -> dict[str, Any]:
    from microtvm_boards.boards.find import sections

    document = {**asdict(board), "source": str(board.source)}
    del document["sections"], document["hosted"]
    for part, said in sections(board):
        document[part.section] = asdict(said) if is_dataclass(said) else said  # type: ignore[arg-type]
    return document
