"""Where boards come from: what a source of boards, and a platform, have to say."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from microtvm_boards.boards.board import Board

Keys: TypeAlias = "tuple[str | int, ...]"
Mistakes = Iterator[tuple[Keys, str]]  # which part of a board file, and what is wrong with it


@dataclass(frozen=True)
class Wanted:
    """Which board is meant."""

    name: str
    platform: str | None = None  # that was asked for
    options: Mapping[str, object] = field(default_factory=dict)  # further ones that were given


class BoardSource(ABC):
    """A set of boards with names of their own."""

    @abstractmethod
    def names(self) -> Sequence[str]:
        """Sorted. Reads no board file."""

    @abstractmethod
    def file(self, name: str) -> Path:
        """The board file of one of `names`."""


class BoardFolder(BoardSource):
    """A folder of board files: NAME.yaml each. It need not exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> Sequence[str]:
        return sorted(path.stem for path in self.folder.glob("*.yaml"))

    def file(self, name: str) -> Path:
        return self.folder / f"{name}.yaml"


class PlatformBoards:
    """What a platform reads of board files, and which boards it knows by itself. Stateless; here
    it is a platform to which boards are as to any other.

    `section`: a key of board files that is the platform's; "": it has none. `schema`: of the
    section, which goes into board.schema.json's properties, with a "description" of every part;
    None: it is there already.
    """

    section: str = ""
    schema: Mapping[str, Any] | None = None

    def read(self, raw: Mapping[str, Any]) -> object | None:
        """The section as an object, from a file that is as the schema says."""
        return None

    def mistakes(self, board: Board) -> Mistakes:
        """What the platform misses in a board file that names it, or finds wrong."""
        yield from ()

    def hosted(self, board: Board) -> bool:
        """Whether firmware of the platform for `board` is a program of this computer."""
        return False

    def find(self, wanted: Wanted) -> Board | None:
        """A board that has no file. Raises BoardError when it has looked and there is none."""
        return None

    def complete(self, board: Board, wanted: Wanted) -> Board:
        """`board`, of a file, with what the platform knows of it."""
        return board

    def describe(self, board: Board) -> str:
        """The section in a line, for `boards show`; "" leaves it out."""
        return ""


NO_BOARDS = PlatformBoards()
