"""This computer as the board: the firmware is a program, its standard streams are the UART."""

from __future__ import annotations

from collections.abc import Sequence

from microtvm_boards.boards import Board
from microtvm_boards.errors import UsageError
from microtvm_boards.platforms.base import ANY_DEVICE, Progress
from microtvm_boards.platforms.cmake import BUILD_TOOLS, CMakePlatform
from microtvm_boards.platforms.tools import Tool, host_compiler, host_cxx_compiler
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project
from microtvm_boards.transports.base import Transport


class HostPlatform(CMakePlatform):
    name = "host"

    def compiler(self) -> Tool:
        return host_compiler()

    def cxx_compiler(self) -> Tool:
        return host_cxx_compiler()

    def tools_to_run(self, board: Board) -> Sequence[Tool]:
        return (self.compiler(), *BUILD_TOOLS)

    def flash(
        self,
        project: Project,
        device: DeviceOptions = ANY_DEVICE,
        *,
        progress: Progress | None = None,
    ) -> str:
        return f"Nothing to flash: {self.firmware(project)} runs on this computer."

    def transport(self, project: Project, device: DeviceOptions = ANY_DEVICE) -> Transport:
        from microtvm_boards.transports.process import ProcessTransport

        firmware = self.firmware(project)
        if device.gdbserver_port is not None:
            raise UsageError(
                "gdbserver_port is for an emulator; platform host runs the firmware as a program.",
                hint=f"gdb {firmware}",
            )
        return ProcessTransport([str(firmware)])
