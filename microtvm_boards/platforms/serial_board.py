"""A board on a cable: which port is its, at which rate. For every platform that has such boards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from microtvm_boards.errors import UsageError
from microtvm_boards.project.options.device import DeviceOptions

if TYPE_CHECKING:
    from microtvm_boards.boards import Board
    from microtvm_boards.transports.serial import SerialTransport

USUAL_BAUD = 115200
_ANY_DEVICE = DeviceOptions()


def on_hardware(board: Board, device: DeviceOptions) -> bool:
    """Whether a real board is meant: it has no emulator, or its port or probe was named."""
    return board.emulator is None or bool(device.port or device.serial_number)


def line_rate(board: Board, device: DeviceOptions = _ANY_DEVICE) -> int | None:
    """Bits per second of the UART; None where nothing limits it (the host, an emulator)."""
    if not on_hardware(board, device):
        return None
    wired = board.uart is not None or bool(board.usb_ids or device.port or device.serial_number)
    return _baud(board, device) if wired else None


def _baud(board: Board, device: DeviceOptions) -> int:
    return device.baud or (board.uart.baud if board.uart else USUAL_BAUD)


def fast_rate(board: Board, device: DeviceOptions) -> tuple[int, int] | None:
    """(the project's rate, the higher one to negotiate); None where no higher one is wanted.

    Raises UsageError where there is no rate at all, and for a rate that isn't higher.
    """
    if device.fast_baud is None:
        return None
    baud = line_rate(board, device)
    if baud is None:
        raise UsageError(
            f"fast_baud is for a board on a serial port; {board.name} is emulated, or this "
            "computer, and has no baud rate.",
            hint="leave it out, or name the board's port with --port",
        )
    if device.fast_baud <= baud:
        raise UsageError(
            f"fast_baud is {device.fast_baud}; it has to be above the project's {baud} baud.",
            hint="leave it out, or try --fast-baud 921600",
        )
    return baud, device.fast_baud


def serial_transport(board: Board, device: DeviceOptions) -> SerialTransport:
    """To the port that `device` names, or the only one with a USB id of the board; not yet open.

    Raises TransportError that lists the ports when none fits or several do; UsageError for options
    that are an emulator's.
    """
    from microtvm_boards.transports.ports import find_port
    from microtvm_boards.transports.serial import SerialTransport

    if device.gdbserver_port is not None:
        raise UsageError(
            f"gdbserver_port is for an emulator; board {board.name} is on a serial port.",
            hint="start the gdb server of your probe (openocd, pyocd gdbserver, JLinkGDBServer)",
        )
    port = find_port(
        [(usb.vid, usb.pid) for usb in board.usb_ids],
        board=board.name,
        serial_number=device.serial_number,
        port=device.port,
    )
    return SerialTransport(port, baud=_baud(board, device), reset=device.reset, board=board.name)
