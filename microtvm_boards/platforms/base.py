"""What every platform does: build, size, flash, and give a transport to the running firmware."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.boards import Board, Memory
from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.firmware.memory_use import MemoryUse
from microtvm_boards.firmware.stack_use import StackUse, read_stack
from microtvm_boards.platforms.build_state import GOOD, STATE, sha256_of
from microtvm_boards.platforms.serial_board import on_hardware
from microtvm_boards.programs import Tool
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project
from microtvm_boards.transports.base import Transport

Progress = Callable[[str], None]  # gets each line that a tool prints
ANY_DEVICE = DeviceOptions()


@dataclass(frozen=True)
class BuildResult:
    firmware: Path  # the ELF
    memory: tuple[MemoryUse, ...]
    seconds: float
    log: Path
    stack: StackUse | None = None  # None: the operating system's, or nothing measured it


@dataclass(frozen=True)
class Found:
    """Something of others that a platform builds with, as it was looked for on this computer."""

    subject: str  # "zephyr", "stm32cube F4"
    text: str = ""  # version and place
    error: MicroTvmBoardsError | None = None  # why there is none
    problem: bool = False  # the error matters to everybody, not only to who needs it


class Platform(ABC):
    """One way to make a firmware and to run it. Stateless: everything is in the project.

    kernel_link_options: for kernels that are linked against a firmware (tuning). run_files: what
    flashing and running a built project look at, below its build directory.
    """

    name: str
    kernel_link_options: Sequence[str] = ()
    run_files: Sequence[str] = (STATE, GOOD)

    def tools_to_run(self, board: Board) -> Sequence[Tool] | None:
        """What has to be installed to build firmware for `board` and run it on this computer. None:
        it can't be run here, or its build takes more than tools."""
        return None

    def looked_for(self) -> Iterator[Found]:
        """What of others' the platform builds with, beside tools: trees, packages."""
        yield from ()

    @abstractmethod
    def build(self, project: Project, *, progress: Progress | None = None) -> BuildResult:
        """Configures and builds `project`; incremental. A failure leaves the last good firmware.

        Raises ToolNotFoundError when a tool is missing, BuildError with the first error, its file
        and line, the last lines and the log.
        """

    @abstractmethod
    def firmware(self, project: Project) -> Path:
        """The last good firmware.

        Raises ProjectError when there is none or the last build failed.
        """

    def memories(self, project: Project) -> Sequence[Memory]:
        """Where the parts of the linked firmware can be."""
        return project.board.memories

    @abstractmethod
    def memory_use(self, project: Project) -> tuple[MemoryUse, ...]:
        """Sizes of `firmware`."""

    def stack_use(self, project: Project) -> StackUse | None:
        """The main stack of `firmware`; None where it isn't measured. Raises as `firmware`."""
        return read_stack(project, sha256_of(self.firmware(project)))

    @abstractmethod
    def flash(
        self,
        project: Project,
        device: DeviceOptions = ANY_DEVICE,
        *,
        progress: Progress | None = None,
    ) -> str:
        """Brings the firmware onto the board and says in one line how. Never after a failed build.

        Raises FlashError with cause, hint, the tool's last lines and log.
        """

    def on_hardware(self, project: Project, device: DeviceOptions = ANY_DEVICE) -> bool:
        """Whether the firmware goes onto a board on a cable."""
        return not project.board.hosted and on_hardware(project.board, device)

    @abstractmethod
    def transport(self, project: Project, device: DeviceOptions = ANY_DEVICE) -> Transport:
        """A transport, not yet open, to the running firmware of the same board as in `flash`.

        Callers take `platforms.transport_to`, which also records and replays.
        """
