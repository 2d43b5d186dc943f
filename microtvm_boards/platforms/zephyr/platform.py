"""Zephyr: an ordinary application, built with the tree, tool chain and modules that are here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from microtvm_boards.boards import Memory, Uart, UsbId
from microtvm_boards.errors import MicroTvmBoardsError, ProjectError, ToolNotFoundError, UsageError
from microtvm_boards.firmware.stack_use import StackUse
from microtvm_boards.platforms.base import ANY_DEVICE, Found, Progress
from microtvm_boards.platforms.build_errors import FirstError
from microtvm_boards.platforms.cmake import build_command, forget_configuration, is_configured
from microtvm_boards.platforms.logged_build import Build, LoggedBuild
from microtvm_boards.platforms.serial_board import serial_transport
from microtvm_boards.platforms.tools import Tool, require
from microtvm_boards.platforms.zephyr import build as zephyr_build
from microtvm_boards.platforms.zephyr import run as zephyr_run
from microtvm_boards.platforms.zephyr.board.devicetree import Devicetree
from microtvm_boards.platforms.zephyr.board.tree import ZephyrTree, find_zephyr
from microtvm_boards.platforms.zephyr.built_devicetree import memories, read_config
from microtvm_boards.platforms.zephyr.errors import hint, unusable_uart
from microtvm_boards.platforms.zephyr.options import ZephyrOptions
from microtvm_boards.platforms.zephyr.stack import MainStack
from microtvm_boards.project.needs.need import MemoryNeed
from microtvm_boards.project.needs.preflight import refuse_what_does_not_fit
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project
from microtvm_boards.transports.base import Transport

# USB ids of the probes behind Zephyr's runners: their serial ports.
_ST_LINK = [(0x0483, pid) for pid in (0x3748, 0x374B, 0x374D, 0x374E, 0x374F, 0x3752, 0x3753)]
_SEGGER = [(0x1366, pid) for pid in (0x0101, 0x0105, 0x1015, 0x1020, 0x1051, 0x1061)]
_DAPLINK = [(0x0D28, 0x0204)]
_PROBES = {
    "stm32cubeprogrammer": _ST_LINK,
    "openocd": _ST_LINK,
    "nrfjprog": _SEGGER,
    "nrfutil": _SEGGER,
    "jlink": _SEGGER,
    "pyocd": [*_DAPLINK, *_ST_LINK],
    "linkserver": _DAPLINK,
}


class ZephyrPlatform(LoggedBuild):
    name = "zephyr"
    run_files = (
        *LoggedBuild.run_files,
        *(zephyr_run.RUN_FILE, "zephyr/.config", "zephyr/zephyr.dts", "zephyr/zephyr.exe"),
    )

    def looked_for(self) -> Iterator[Found]:
        try:
            tree = find_zephyr(None, Path.cwd())
        except MicroTvmBoardsError as error:
            yield Found(self.name, error=error, problem=not isinstance(error, ToolNotFoundError))
        else:
            yield Found(self.name, f"{tree.release} at {tree.base} (by {tree.found_by})")

    def needed_tools(self, project: Project) -> Sequence[Tool]:
        toolchain = zephyr_build.find_toolchain(project.board, _tree(project))
        return (*zephyr_build.NEEDED, *toolchain.tools)

    def linked(self, project: Project) -> Path:
        folder = project.build_dir / "zephyr"
        program = folder / "zephyr.exe"  # of a host board; its zephyr.elf has no start-up code
        return program if program.is_file() else folder / "zephyr.elf"

    def memories(self, project: Project) -> Sequence[Memory]:
        config, devicetree = _configured(project)
        return memories(config, devicetree)

    def make(self, project: Project, build: Build) -> StackUse | None:
        """Configures where that hasn't been done, looks whether it can fit, compiles."""
        tree = _tree(project)
        environment = zephyr_build.environment(
            tree, zephyr_build.find_toolchain(project.board, tree)
        )
        zephyr_build.forget_other_configuration(project, tree)
        if not is_configured(project, "build.ninja"):
            forget_configuration(project)
            build.run(zephyr_build.configure_command(project, tree), environment)
        hosted = _check(project, build)
        stack = MainStack(project, build, environment, hosted=hosted)
        if not self.linked(project).is_file():
            stack.before_first_link()
        build.run(build_command(project), environment)
        if stack.resize():
            build.run(build_command(project), environment)
        zephyr_run.save(project, zephyr_run.ask(project, *_configured(project)))
        return stack.use

    def hint(self, project: Project, failure: FirstError) -> str:
        return hint(failure, _tree(project))

    def flash(
        self,
        project: Project,
        device: DeviceOptions = ANY_DEVICE,
        *,
        progress: Progress | None = None,
    ) -> str:
        """With `west flash` and the board's runner; nothing for an emulator or the host."""
        from microtvm_boards.platforms.flash import FlashRequest, flash_with

        firmware = self.firmware(project)
        if zephyr_run.load(project).kind != "board":
            return f"Nothing to flash: {firmware.name} is run on this computer."
        tree = _tree(project)
        west = project.options.of(ZephyrOptions).west_cmd
        real = replace(project.board, memories=tuple(self.memories(project)))
        request = FlashRequest(
            replace(project, board=real),
            firmware,
            device,
            default="west",
            directory=tree.workspace or project.directory,
            settings={"west": west} if west else {},
            environment={"ZEPHYR_BASE": str(tree.base)},
        )
        return flash_with(request, progress=progress)

    def on_hardware(self, project: Project, device: DeviceOptions = ANY_DEVICE) -> bool:
        return zephyr_run.load(project).kind == "board"

    def transport(self, project: Project, device: DeviceOptions = ANY_DEVICE) -> Transport:
        """QEMU's UART on a socket, a host board's on a pseudo-terminal, a board's serial port."""
        firmware = self.firmware(project)
        facts = zephyr_run.load(project)
        if facts.kind == "qemu":
            from microtvm_boards.transports.emulator import EmulatorTransport

            command = zephyr_run.qemu_command(facts, firmware, gdbserver_port=device.gdbserver_port)
            program = command[0]
            require([Tool((program,), f"emulates board {project.board.name}", (program,))])
            return EmulatorTransport(command, name=project.board.name)
        if facts.kind == "native":
            from microtvm_boards.transports.pseudotty import PseudottyTransport

            if device.gdbserver_port is not None:
                raise UsageError(
                    f"gdbserver_port is for an emulator; {project.board.name} is a program.",
                    hint=f"gdb {firmware}",
                )
            return PseudottyTransport([str(firmware)], name=project.board.name)
        known = project.board.usb_ids or tuple(
            UsbId(vid, pid) for vid, pid in _PROBES.get(facts.runner, [])
        )
        board = replace(
            project.board,
            usb_ids=known,
            uart=Uart(driver=None, base=None, irq=None, baud=facts.baud),
        )
        return serial_transport(board, device)


def _tree(project: Project) -> ZephyrTree:
    base = project.options.of(ZephyrOptions).zephyr_base
    return find_zephyr(base, project.directory, Path.cwd())


def _configured(project: Project) -> tuple[dict[str, str], Devicetree]:
    """Raises ProjectError when the project isn't configured."""
    folder = project.build_dir / "zephyr"
    try:
        return read_config(folder / ".config"), Devicetree.read(folder / "zephyr.dts")
    except OSError as error:
        raise ProjectError(
            f"{folder} has no configuration of Zephyr: {error}.",
            hint=f"microtvm-boards build {project.directory}",
        ) from error


def _check(project: Project, build: Build) -> bool:
    """Before the long compile: is there a UART, and can the model fit the real memories?

    Returns whether the firmware is a program of this computer, which has no limits.
    Raises BuildError for the one, ProjectError for the other.
    """
    config, devicetree = _configured(project)
    if devicetree.uart() is None:
        raise build.failed(*unusable_uart(project.board, devicetree))
    found = memories(config, devicetree)
    needs = [_placed(need, found) for need in project.manifest.memory]
    try:
        refuse_what_does_not_fit(replace(project.board, memories=found), needs)
    except ProjectError as error:
        build.failed(error.cause)
        raise
    return not found


def _placed(need: MemoryNeed, found: Sequence[Memory]) -> MemoryNeed:
    """A need of the plan, in the memory that the board really has for it."""
    use = need.memory.lower()
    return replace(need, memory=next((m.name for m in found if use in m.use), need.memory))
