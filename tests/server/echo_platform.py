"""A platform whose firmware is a Python program: a real process behind a real transport."""

from __future__ import annotations

import sys
from pathlib import Path

from microtvm_boards.errors import FlashError
from microtvm_boards.platforms import BuildResult, MemoryUse, Platform, Progress
from microtvm_boards.platforms.base import ANY_DEVICE
from microtvm_boards.plugins import PlatformPlugin
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project
from microtvm_boards.transports.base import Transport
from microtvm_boards.transports.process import ProcessTransport

PLUGIN = PlatformPlugin("echo", "a program of Python", "echo_platform:EchoPlatform")


class EchoPlatform(Platform):
    name = "echo"

    def build(self, project: Project, *, progress: Progress | None = None) -> BuildResult:
        if progress is not None:
            progress("nothing to build")
        return BuildResult(self.firmware(project), (), 0.0, project.directory / "build.log")

    def firmware(self, project: Project) -> Path:
        return project.directory / "firmware.py"

    def memory_use(self, project: Project) -> tuple[MemoryUse, ...]:
        return ()

    def flash(
        self,
        project: Project,
        device: DeviceOptions = ANY_DEVICE,
        *,
        progress: Progress | None = None,
    ) -> str:
        raise FlashError(
            f"No probe {device.serial_number}.", details=["line 1", "line 2"], hint="plug in"
        )

    def transport(self, project: Project, device: DeviceOptions = ANY_DEVICE) -> Transport:
        command = [sys.executable, str(self.firmware(project)), str(device.serial_number)]
        return ProcessTransport(command)
