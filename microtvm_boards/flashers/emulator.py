"""Nothing to write: an emulator loads the firmware when it starts."""

from __future__ import annotations

from microtvm_boards.errors import FlashError
from microtvm_boards.flashers.base import Flasher, FlashTarget, Progress

_ELF_MAGIC = b"\x7fELF"


class EmulatorFlasher(Flasher):
    name = "emulator"
    writes = False

    def flash(self, target: FlashTarget, *, progress: Progress | None = None) -> str:
        """Looks whether the firmware can be loaded; an emulator has no probe to select."""
        firmware = target.firmware
        try:
            with firmware.open("rb") as file:
                magic = file.read(len(_ELF_MAGIC))
        except OSError as error:
            raise FlashError(
                f"The firmware {firmware} can't be read: {error.strerror}.",
                hint="microtvm-boards build PROJECT",
            ) from error
        if magic != _ELF_MAGIC:
            raise FlashError(
                f"{firmware} is no firmware: an ELF file is needed, it starts with {magic!r}.",
                hint="microtvm-boards build PROJECT",
            )
        return f"Nothing to flash: the emulator loads {firmware.name} when it starts."
