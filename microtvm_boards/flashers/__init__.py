"""Flashers by name: `get_flasher("emulator")`. One file each in this folder."""

from __future__ import annotations

from importlib import import_module

from microtvm_boards.errors import UsageError, nearest
from microtvm_boards.flashers.base import Flasher, FlashTarget, Progress

FLASHERS = {
    "emulator": "microtvm_boards.flashers.emulator:EmulatorFlasher",
    "west": "microtvm_boards.flashers.west:WestFlasher",
    "pyocd": "microtvm_boards.flashers.pyocd:PyOcdFlasher",
    "openocd": "microtvm_boards.flashers.openocd:OpenOcdFlasher",
    "stm32cubeprogrammer": (
        "microtvm_boards.flashers.stm32cubeprogrammer:Stm32CubeProgrammerFlasher"
    ),
    "stflash": "microtvm_boards.flashers.stflash:StFlashFlasher",
    "jlink": "microtvm_boards.flashers.jlink:JLinkFlasher",
    "stm32flash": "microtvm_boards.flashers.stm32flash:Stm32FlashFlasher",
    "dfu": "microtvm_boards.flashers.dfu:DfuFlasher",
    "gdb": "microtvm_boards.flashers.gdb:GdbFlasher",
}

__all__ = ["FLASHERS", "FlashTarget", "Flasher", "Progress", "get_flasher"]


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
