"""The platforms' share in boards, by the platforms' names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from microtvm_boards.boards.source import NO_BOARDS, PlatformBoards
from microtvm_boards.errors import PluginError
from microtvm_boards.plugins import PLATFORMS, platform_part


def boards_of(platform: str) -> PlatformBoards:
    """Of one platform; of one that isn't here it is like any. Raises PluginError."""
    made = platform_part(platform, "boards") if platform in PLATFORMS else None
    if made is None:
        return NO_BOARDS
    if not (isinstance(made, type) and issubclass(made, PlatformBoards)):
        raise PLATFORMS.broken(platform, f"{made!r} is no class PlatformBoards")
    return made()


def parts_of(platforms: object) -> Sequence[PlatformBoards]:
    """Of those that a board file names; `platforms` is its value, not yet checked."""
    names = platforms if isinstance(platforms, list) else []
    return [boards_of(name) for name in names if isinstance(name, str)]


def every_platform() -> Iterator[PlatformBoards]:
    """Of all but broken plug-ins, which are an error for who asks for them only."""
    for name in PLATFORMS:
        try:
            yield boards_of(name)
        except PluginError:
            continue
