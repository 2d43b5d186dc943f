"""Finds the board that a name means: sources of boards are asked in their order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from microtvm_boards.boards.board import Board
from microtvm_boards.boards.load import is_file_name, known_names, load_board
from microtvm_boards.boards.of_platforms import boards_of, every_platform
from microtvm_boards.boards.source import PlatformBoards, Wanted
from microtvm_boards.errors import BoardError, MicroTvmBoardsError, PluginError

_NO_OPTIONS: Mapping[str, object] = {}


def find_board(
    name: str, platform: str | None = None, options: Mapping[str, object] = _NO_OPTIONS
) -> Board:
    """The board that `name` means on `platform` (None: on any): a file, one of a folder of board
    files, or one that a platform knows by itself. `options`: that were given and may say where a
    platform looks.

    A board of a file is also one of the platform's when that is what it is for.
    Raises BoardError for a board that nobody knows, with near names; UsageError as platforms do.
    """
    wanted = Wanted(name, platform, options)
    if is_file_name(name) or name in known_names():
        board = load_board(name)
        return boards_of(platform or board.platforms[0]).complete(board, wanted)
    asked = every_platform() if platform is None else [boards_of(platform)]
    found = (source.find(wanted) for source in asked)
    return next((board for board in found if board is not None), None) or load_board(name)


def load_known() -> tuple[list[Board], list[MicroTvmBoardsError]]:
    """All boards that have a file, in the order of their names; and what is wrong with files that
    aren't ours."""
    boards: list[Board] = []
    errors: list[MicroTvmBoardsError] = []
    for name in known_names():
        try:
            boards.append(load_board(name))
        except (BoardError, PluginError) as error:
            errors.append(error)
    return boards, errors


def sections(board: Board) -> Iterator[tuple[PlatformBoards, object | None]]:
    """Every platform that has a section in board files, and what `board` says there."""
    for part in every_platform():
        if part.section:
            yield part, board.sections.get(part.section)
