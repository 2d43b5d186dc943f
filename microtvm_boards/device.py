"""`connect(project) -> Device`: the running firmware of a `packed` project, from Python."""

from __future__ import annotations

from pathlib import Path

from microtvm_boards.errors import DeviceError, ProjectError
from microtvm_boards.platforms import get_platform
from microtvm_boards.project.manifest import Project
from microtvm_boards.rpc import Device, ModelInfo, Pace


def connect(
    project: Project | Path | str,
    *,
    serial_number: str | None = None,
    gdbserver_port: int | None = None,
    pace: Pace | None = None,
) -> Device:
    """Starts the firmware (host, emulator) or connects to the board, and opens a session.

    The project has to be built, and flashed where it has a board of its own. `serial_number`
    chooses among several boards; with `gdbserver_port` an emulator waits there for gdb, and nothing
    has a deadline. `pace`: deadlines other than those that follow from the board.
    Raises ProjectError, TransportError or, also when the firmware is another project's,
    DeviceError; then nothing is left running.
    """
    opened = project if isinstance(project, Project) else Project.open(Path(project))
    require_packed(opened)
    transport = get_platform(opened.platform).transport(
        opened, serial_number=serial_number, gdbserver_port=gdbserver_port
    )
    pace = pace or pace_of(opened)
    device = Device(
        transport,
        models=[ModelInfo(model.name, model.inputs, model.outputs) for model in opened.models],
        pace=pace if gdbserver_port is None else pace.patient(),
    )
    device.open()
    try:
        _check(device, opened)
    except BaseException:
        device.close()
        raise
    return device


def _check(device: Device, project: Project) -> None:
    """Raises DeviceError when the firmware isn't the project's."""
    info = device.info()
    sha256 = project.manifest["model_library_format"]["sha256"]
    names = [model.name for model in project.models]
    if info.models == tuple(names) and info.model_sha256 and sha256.startswith(info.model_sha256):
        return
    raise DeviceError(
        "The firmware on the board is another project's.",
        details=[
            f"found: {', '.join(info.models)} for board {info.board}, model library "
            f"{info.model_sha256}...",
            f"this project: {', '.join(names)} for board {project.board.name}, model library "
            f"{sha256[:16]}...",
        ],
        hint=f"microtvm-boards build {project.directory}, then flash; or choose another board with "
        "--serial-number",
    )


def pace_of(project: Project) -> Pace:
    """Deadlines for the project's board; an emulator's UART has no rate."""
    board = project.board
    if board.uart is None or board.emulator is not None:
        return Pace()
    return Pace(baud=board.uart.baud)


def require_packed(project: Project) -> None:
    """Raises ProjectError for a project whose firmware doesn't speak RPC."""
    if project.entrypoint != "packed":
        raise ProjectError(
            f"{project.directory} has the entry point {project.entrypoint}: its firmware calls the "
            "model itself and doesn't speak RPC.",
            hint=f"microtvm-boards create {project.mlf} NEW_PROJECT --board {project.board.name} "
            "--model-entrypoint-api packed",
        )
