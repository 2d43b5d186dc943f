"""This computer as the board: the firmware is a program, its standard streams are the UART."""

from __future__ import annotations

from microtvm_boards.errors import UsageError
from microtvm_boards.platforms.base import Progress
from microtvm_boards.platforms.cmake import CMakePlatform
from microtvm_boards.platforms.tools import Tool, host_compiler
from microtvm_boards.project.manifest import Project
from microtvm_boards.transports.base import Transport


class HostPlatform(CMakePlatform):
    name = "host"

    def compiler(self) -> Tool:
        return host_compiler()

    def flash(
        self,
        project: Project,
        *,
        serial_number: str | None = None,
        progress: Progress | None = None,
    ) -> str:
        return f"Nothing to flash: {self.firmware(project)} runs on this computer."

    def transport(
        self,
        project: Project,
        *,
        serial_number: str | None = None,
        gdbserver_port: int | None = None,
    ) -> Transport:
        from microtvm_boards.transports.process import ProcessTransport

        firmware = self.firmware(project)
        if gdbserver_port is not None:
            raise UsageError(
                "gdbserver_port is for an emulator; platform host runs the firmware as a program.",
                hint=f"gdb {firmware}",
            )
        return ProcessTransport([str(firmware)])
