"""What the platforms host and baremetal read of board files."""

from __future__ import annotations

from microtvm_boards.boards.board import Board
from microtvm_boards.boards.check import main_parts_missing, missing
from microtvm_boards.boards.source import Mistakes, PlatformBoards


class HostBoards(PlatformBoards):
    def hosted(self, board: Board) -> bool:
        return True


class BaremetalBoards(PlatformBoards):
    """The UART's driver is ours, so it has to be named, and where its registers are."""

    def mistakes(self, board: Board) -> Mistakes:
        yield from main_parts_missing("baremetal", board, "driver, base and baud")
        for key in ("driver", "base"):
            if board.uart is not None and getattr(board.uart, key) is None:
                yield ("uart", key), missing(key, "uart")
