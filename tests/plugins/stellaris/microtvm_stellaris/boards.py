"""Board files that come with this package, and what the platform needs of any."""

from pathlib import Path
from typing import ClassVar

from microtvm_boards.boards.check import main_parts_missing, missing
from microtvm_boards.boards.source import BoardFolder, PlatformBoards


class StellarisFolder(BoardFolder):
    def __init__(self):
        super().__init__(Path(__file__).parent / "board_files")


class StellarisBoards(PlatformBoards):
    """The section `stellaris` says which chip it is."""

    section = "stellaris"
    schema: ClassVar = {
        "description": "a mapping with part",
        "type": "object",
        "additionalProperties": False,
        "required": ["part"],
        "properties": {
            "part": {"description": "a part, e.g. LM3S6965", "type": "string", "pattern": "^LM3S"}
        },
    }

    def read(self, raw):
        return raw.get(self.section, {}).get("part")

    def mistakes(self, board):
        yield from main_parts_missing("stellaris", board, "base and baud")
        if board.uart is not None and board.uart.base is None:
            yield ("uart", "base"), missing("base", "uart")

    def describe(self, board):
        return board.sections.get(self.section, "")
