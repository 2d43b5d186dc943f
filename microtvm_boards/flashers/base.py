"""What every flasher does: say whether its tool is here, and bring a firmware onto a board."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from microtvm_boards.errors import UsageError, nearest
from microtvm_boards.programs import Tool, find

if TYPE_CHECKING:
    from microtvm_boards.boards import Board
    from microtvm_boards.flashers.image import Image

Progress = Callable[[str], None]  # gets each line that a tool prints
Setting = str | int | bool


@dataclass(frozen=True)
class FlashTarget:
    """A firmware, and the board that it goes to.

    settings: of the flasher, from the board file. environment: variables for the tool in addition
    to ours. directory: where the tool runs.
    """

    firmware: Path  # the ELF
    board: Board
    build_dir: Path  # for what is made on the way, and flash.log
    directory: Path
    serial_number: str | None = None  # of the probe
    port: str | None = None  # serial port, for a bootloader
    gdbserver: str | None = None  # host:port
    settings: Mapping[str, Setting] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    image: Image | None = None  # what the binary beside flash.log holds, once it is made

    @property
    def binary(self) -> Path:
        return self.build_dir / "flash.bin"

    @property
    def address(self) -> str:
        """Of the image, in hex."""
        return f"{self.image.address:#010x}" if self.image else ""

    def text(self, name: str) -> str | None:
        """A setting as a text; None when the board file has none."""
        value = self.settings.get(name)
        return None if value is None else str(value)


class Flasher(ABC):
    """One tool. Constructing it does nothing."""

    name: str
    tool: Tool | None = None  # None: it needs none
    known_settings: ClassVar[Mapping[str, str]] = {}  # name -> what it means
    writes: bool = True  # whether it wears the board's flash
    needs_port: bool = False  # a serial port, for a bootloader
    probe_kinds: frozenset[str] | None = None  # that it works with (probes.py); None: any probe

    def available(self) -> bool:
        """Whether its tool is installed."""
        return self.tool is None or find(self.tool) is not None

    @abstractmethod
    def flash(self, target: FlashTarget, *, progress: Progress | None = None) -> str:
        """Brings the firmware onto the board and verifies it; one line for the user says how.

        Raises FlashError with the cause, the tool's last lines, a hint and the log;
        ToolNotFoundError; UsageError for settings that it doesn't have or lacks.
        """

    def check_settings(self, target: FlashTarget, required: Sequence[str] = ()) -> None:
        """Raises UsageError for settings that this flasher doesn't know, or needs and lacks."""
        where = f"in {target.board.source}"
        for name in target.settings:
            if name not in self.known_settings:
                raise UsageError(
                    f'The flasher {self.name} has no setting "{name}" ({where}).'
                    f"{nearest(name, self.known_settings)}",
                    hint="its settings are "
                    + (", ".join(f"{k} ({v})" for k, v in self.known_settings.items()) or "none"),
                )
        for name in required:
            if target.settings.get(name) in (None, ""):
                example = f"flashers: [{{name: {self.name}, {name}: ...}}]"
                raise UsageError(
                    f'The flasher {self.name} needs the setting "{name}": '
                    f"{self.known_settings[name]}.",
                    hint=f"{example} {where}",
                )
