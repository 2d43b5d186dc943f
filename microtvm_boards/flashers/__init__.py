"""Flashers by name: `get_flasher("emulator")`. One file each in this folder."""

from __future__ import annotations

from importlib import import_module

from microtvm_boards.errors import UsageError, nearest
from microtvm_boards.flashers.base import Flasher, Progress

FLASHERS = {
    "emulator": "microtvm_boards.flashers.emulator:EmulatorFlasher",
}

__all__ = ["FLASHERS", "Flasher", "Progress", "get_flasher"]


def get_flasher(name: str) -> Flasher:
    """Raises UsageError for a name that isn't in FLASHERS."""
    if name not in FLASHERS:
        raise UsageError(
            f'There is no flasher "{name}".{nearest(name, FLASHERS)}',
            hint="flashers are " + ", ".join(FLASHERS),
        )
    module, cls = FLASHERS[name].split(":")
    flasher = getattr(import_module(module), cls)()
    if not isinstance(flasher, Flasher):
        raise TypeError(f"{FLASHERS[name]} is no Flasher")
    return flasher
