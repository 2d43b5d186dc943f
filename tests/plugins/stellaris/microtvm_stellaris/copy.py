"""A flasher for a board that is a drive: the firmware's ELF file is copied."""

import shutil
from typing import ClassVar

from microtvm_boards.errors import FlashError
from microtvm_boards.flashers.base import Flasher


class CopyFlasher(Flasher):
    name = "copy"
    known_settings: ClassVar = {"to": "the file that the firmware is copied to"}

    def flash(self, target, *, progress=None):
        self.check_settings(target, ["to"])
        to = target.directory / target.text("to")
        try:
            shutil.copyfile(target.firmware, to)
        except OSError as error:
            raise FlashError(f"{to} can't be written: {error.strerror}.") from error
        return f"Flashed {target.board.name}: {to}."
