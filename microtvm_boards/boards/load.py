"""Finds and reads board files. Heavy imports wait until a file is really read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from microtvm_boards import resources
from microtvm_boards.boards.board import Board
from microtvm_boards.boards.source import BoardFolder, BoardSource
from microtvm_boards.errors import BoardError, PluginError, nearest, relative_path_hint
from microtvm_boards.plugins import BOARDS

MAX_BYTES = 64 * 1024  # a board file has about 1 KB; PyYAML takes a second for this much
LIST_COMMAND = "microtvm-boards boards list"


def board_names() -> tuple[str, ...]:
    """The names of the boards that come with this package, sorted. Reads no file."""
    return tuple(BoardFolder(resources.board_configs()).names())


def known_names() -> tuple[str, ...]:
    """The names of all boards that have a file in a folder of `folders`, sorted. Reads no file."""
    return tuple(sorted({name for source in folders() for name in source.names()}))


def folders() -> Iterator[BoardSource]:
    """Ours, the project's (board_configs/ where we are started), the user's, those of packages:
    a name that several have is of the first."""
    yield BoardFolder(resources.board_configs())
    yield BoardFolder(Path(resources.board_configs().name).resolve())
    yield BoardFolder(resources.config_directory() / "boards")
    for name in BOARDS:
        try:
            source = BOARDS.load(name)
        except PluginError:
            continue  # an error for its own boards only; doctor tells
        if isinstance(source, type) and issubclass(source, BoardSource):
            yield source()


def load_board(name_or_path: str) -> Board:
    """The board of that name, or of the file when the text ends in .yaml or .yml or has a "/".

    Raises BoardError for a name that doesn't exist, a file that can't be read, and a file that is
    wrong: with file, line, key, what was expected and what was found.
    """
    from microtvm_boards.boards.check import board_from_tree
    from microtvm_boards.boards.yaml_tree import YamlError, parse_yaml

    path = _find(name_or_path)
    text = _read(path, name_or_path)
    try:
        tree = parse_yaml(text)
    except YamlError as error:
        raise BoardError(f"{path}:{error.line}: {error.problem}.") from error
    return board_from_tree(tree, path)


def is_file_name(name: str) -> bool:
    """Whether a board's name says that it is the path of its file."""
    return name.endswith((".yaml", ".yml"))


def _find(name_or_path: str) -> Path:
    separators = {"/", os.sep, os.altsep or os.sep}
    if is_file_name(name_or_path) or separators & set(name_or_path):
        try:
            return Path(name_or_path).expanduser().resolve()
        except (OSError, RuntimeError, ValueError) as error:  # links in a ring, ~nobody, NUL
            raise BoardError(f"{name_or_path!r} is no path of a board file: {error}.") from error
    for source in folders():
        if name_or_path in source.names():
            return source.file(name_or_path)
    raise BoardError(
        f'There is no board "{name_or_path}".{nearest(name_or_path, known_names())}',
        hint=LIST_COMMAND,
    )


def _read(path: Path, given: str) -> str:
    try:
        if not path.exists():
            hint = relative_path_hint(Path(given).expanduser()) or LIST_COMMAND
            raise BoardError(f"There is no board file {path}.", hint=hint)
        if not path.is_file():
            raise BoardError(f"A board file is needed; {path} is something else.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise BoardError(f"The board file {path} can't be read: {error.strerror}.") from error
    if len(data) > MAX_BYTES:
        raise BoardError(f"{path} is no board file: it is bigger than {MAX_BYTES} bytes.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BoardError(
            f"{path}:{line}: expected UTF-8, found byte 0x{data[error.start]:02x}."
        ) from error
