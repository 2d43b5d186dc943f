"""Reads board files: `load_board(name_or_path) -> Board`, `board_names()`."""

from microtvm_boards.boards.board import (
    Board,
    Cpu,
    Emulator,
    FlasherChoice,
    Memory,
    Uart,
    UsbId,
)
from microtvm_boards.boards.find import find_board, load_known
from microtvm_boards.boards.load import board_names, known_names, load_board

__all__ = [
    "Board",
    "Cpu",
    "Emulator",
    "FlasherChoice",
    "Memory",
    "Uart",
    "UsbId",
    "board_names",
    "find_board",
    "known_names",
    "load_board",
    "load_known",
]
