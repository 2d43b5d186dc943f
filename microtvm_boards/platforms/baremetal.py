"""Cortex-M without an operating system: start-up code and linker script of the template."""

from __future__ import annotations

from collections.abc import Sequence

from microtvm_boards.boards import Board
from microtvm_boards.firmware.bare_metal_stack import Roots
from microtvm_boards.firmware.stack_use import StackUse
from microtvm_boards.platforms import qemu, tools
from microtvm_boards.platforms.base import ANY_DEVICE, Progress
from microtvm_boards.platforms.cmake import BUILD_TOOLS, CMakePlatform
from microtvm_boards.platforms.logged_build import Build
from microtvm_boards.platforms.serial_board import on_hardware, serial_transport
from microtvm_boards.platforms.sized_stack import size_stack
from microtvm_boards.platforms.tools import ARM_GCC, ARM_GXX, Tool
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project
from microtvm_boards.transports.base import Transport


class BaremetalPlatform(CMakePlatform):
    name = "baremetal"
    kernel_link_options = ("-specs=nano.specs",)
    # All interrupts have the priority that they have after reset.
    roots = Roots("start", nested=False)

    def compiler(self) -> Tool:
        return ARM_GCC

    def cxx_compiler(self) -> Tool:
        return ARM_GXX

    def tools_to_run(self, board: Board) -> Sequence[Tool] | None:
        emulated = board.emulator is not None
        return (self.compiler(), *BUILD_TOOLS, qemu.program(board)) if emulated else None

    def make(self, project: Project, build: Build) -> StackUse | None:
        super().make(project, build)
        return size_stack(project, build, self.linked(project), self.roots)

    def flash(
        self,
        project: Project,
        device: DeviceOptions = ANY_DEVICE,
        *,
        progress: Progress | None = None,
    ) -> str:
        """See flash_with."""
        from microtvm_boards.platforms.flash import FlashRequest, flash_with

        request = FlashRequest(project, self.firmware(project), device)
        return flash_with(request, progress=progress)

    def transport(self, project: Project, device: DeviceOptions = ANY_DEVICE) -> Transport:
        """The board's emulator; its serial port where it has none, or when a port is chosen."""
        from microtvm_boards.transports.emulator import EmulatorTransport

        firmware = self.firmware(project)
        if on_hardware(project.board, device):
            return serial_transport(project.board, device)
        tools.require([qemu.program(project.board)])
        command = qemu.command(project.board, firmware, gdbserver_port=device.gdbserver_port)
        return EmulatorTransport(command, name=project.board.name)
