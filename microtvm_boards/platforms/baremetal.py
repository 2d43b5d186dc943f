"""Cortex-M without an operating system: start-up code and linker script of the template."""

from __future__ import annotations

from microtvm_boards.errors import FlashError
from microtvm_boards.platforms import qemu, tools
from microtvm_boards.platforms.base import Progress
from microtvm_boards.platforms.cmake import CMakePlatform
from microtvm_boards.platforms.tools import ARM_GCC, Tool
from microtvm_boards.project.manifest import Project
from microtvm_boards.transports.base import Transport


class BaremetalPlatform(CMakePlatform):
    name = "baremetal"

    def compiler(self) -> Tool:
        return ARM_GCC

    def flash(
        self,
        project: Project,
        *,
        serial_number: str | None = None,
        progress: Progress | None = None,
    ) -> str:
        """With the first flasher of the board. Raises FlashError when it has none."""
        from microtvm_boards.flashers import get_flasher

        firmware = self.firmware(project)
        board = project.board
        if not board.flashers:
            raise FlashError(
                f"Board {board.name} names no flasher.", hint=f"add flashers to {board.source}"
            )
        flasher = get_flasher(board.flashers[0])
        return flasher.flash(firmware, serial_number=serial_number, progress=progress)

    def transport(
        self,
        project: Project,
        *,
        serial_number: str | None = None,
        gdbserver_port: int | None = None,
    ) -> Transport:
        """The board's emulator. Raises BoardError when it has none."""
        from microtvm_boards.transports.emulator import EmulatorTransport

        firmware = self.firmware(project)
        tools.require([qemu.program(project.board)])
        command = qemu.command(project.board, firmware, gdbserver_port=gdbserver_port)
        return EmulatorTransport(command, name=project.board.name)
