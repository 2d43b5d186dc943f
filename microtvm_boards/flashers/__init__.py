"""Flashers by name: `get_flasher("emulator")`. Ours have one file each in tools/."""

from __future__ import annotations

from microtvm_boards.flashers.base import Flasher, FlashTarget, Progress
from microtvm_boards.plugins import FLASHERS

__all__ = ["FLASHERS", "FlashTarget", "Flasher", "Progress", "get_flasher"]


def get_flasher(name: str) -> Flasher:
    """Raises UsageError for a name that isn't in FLASHERS, PluginError for one from outside that
    can't be imported."""
    made = FLASHERS.load(name)
    flasher = made() if isinstance(made, type) and issubclass(made, Flasher) else None
    if flasher is None or flasher.name != name:
        raise FLASHERS.broken(name, f"{made!r} is no class Flasher of that name")
    return flasher
