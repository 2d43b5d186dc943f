"""Reads board files: `load_board(name_or_path) -> Board`, `board_names()`."""

from microtvm_boards.boards.board import Board, Cpu, Emulator, Memory, Uart, UsbId
from microtvm_boards.boards.load import board_names, load_board

__all__ = [
    "Board",
    "Cpu",
    "Emulator",
    "Memory",
    "Uart",
    "UsbId",
    "board_names",
    "load_board",
]
