"""What every flasher does: say whether its tool is here, and bring a firmware onto a board."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

Progress = Callable[[str], None]  # gets each line that a tool prints


class Flasher(ABC):
    """One tool. Constructing it does nothing."""

    name: str

    @abstractmethod
    def available(self) -> bool:
        """Whether its tool is installed."""

    @abstractmethod
    def flash(
        self, firmware: Path, *, serial_number: str | None = None, progress: Progress | None = None
    ) -> str:
        """Brings the ELF `firmware` onto the board; one line for the user says how it went.

        `serial_number` selects the probe where several are plugged in.
        Raises FlashError with the cause, the tool's last lines and a hint; ToolNotFoundError.
        """
