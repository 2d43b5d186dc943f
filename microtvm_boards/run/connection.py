"""`connect(project) -> Device`: the running firmware of a `packed` project, from Python."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from microtvm_boards.errors import DeviceError, ProjectError
from microtvm_boards.mlf import load
from microtvm_boards.platforms import transport_to
from microtvm_boards.platforms.base import ANY_DEVICE
from microtvm_boards.platforms.serial_board import fast_rate, line_rate
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project
from microtvm_boards.rpc import Device, ModelInfo, Pace
from microtvm_boards.rpc.codecs import Codec, codec_named
from microtvm_boards.rpc.replay import recorded_nonce


def connect(
    project: Project | Path | str,
    *,
    serial_number: str | None = None,
    port: str | None = None,
    baud: int | None = None,
    fast_baud: int | None = None,
    reset: str = "none",
    gdbserver_port: int | None = None,
    transcript: str | None = None,
    replay: str | None = None,
    pace: Pace | None = None,
) -> Device:
    """Starts the firmware (host, emulator) or connects to the board, and opens a session.

    The project has to be built, and flashed where it has a board of its own. `serial_number` or
    `port` chooses among several boards; `baud` and `reset` are the serial port's;
    `fast_baud` is a higher rate that the session goes on at if firmware and line allow. With
    `gdbserver_port` an emulator waits there for gdb, and nothing has a deadline. `transcript`: file
    to record to; `replay`: one that stands in for the device. `pace`: deadlines other than those
    that follow from the board.
    Raises ProjectError, TransportError or, also when the firmware is another project's,
    DeviceError; then nothing is left running.
    """
    opened = project if isinstance(project, Project) else Project.open(Path(project))
    options = DeviceOptions(
        serial_number=serial_number,
        port=port,
        baud=baud,
        fast_baud=fast_baud,
        reset=reset,
        gdbserver_port=gdbserver_port,
        transcript=transcript,
        replay=replay,
    )
    return connect_to(opened, options, pace=pace)


def connect_to(project: Project, options: DeviceOptions, *, pace: Pace | None = None) -> Device:
    """`connect` with its options as one value."""
    codec = codec_of(project)
    rates = fast_rate(project.board, options)
    options = replace(options, fast_baud=None)
    pace = pace or pace_of(project, options)
    device = Device(
        transport_to(project, options),
        codec,
        models=_models(project),
        pace=pace if options.gdbserver_port is None else pace.patient(),
    )
    if options.replay is not None and (nonce := recorded_nonce(Path(options.replay))):
        device.session.start_as(nonce)
    device.open()
    try:
        _check(device, project)
        if rates is not None:
            # Zephyr's build knows the rate better than the board.
            device.speed_up(baud=device.transport.baud or rates[0], fast_baud=rates[1])
    except BaseException:
        device.close()
        raise
    return device


def _models(project: Project) -> list[ModelInfo]:
    models = [ModelInfo(model.name, model.inputs, model.outputs) for model in project.models]
    if project.rpc is None or project.rpc.server == "own":
        return models
    # TVM's server has no executor for graphs.
    modules = load(project.mlf).modules
    return [
        replace(model, graph=module.graph, params=module.params)
        for model, module in zip(models, modules, strict=True)
    ]


def _check(device: Device, project: Project) -> None:
    """Raises DeviceError when the firmware isn't the project's."""
    info = device.info()
    sha256 = project.manifest.model_library_format.sha256
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


def pace_of(project: Project, options: DeviceOptions = ANY_DEVICE) -> Pace:
    """Deadlines for the project's board; an emulator's UART has no rate."""
    return Pace(baud=line_rate(project.board, options))


def codec_of(project: Project) -> Codec:
    """The codec that the project's firmware speaks. Raises ProjectError for one that doesn't speak
    RPC, or speaks it in a way that isn't known here."""
    require_packed(project)
    return codec_named(project.rpc.codec if project.rpc else "")


def pace_within(project: Project, options: DeviceOptions, timeout: float) -> Pace:
    """`timeout` is for a run; nothing else waits longer than that."""
    pace = pace_of(project, options)
    return replace(
        pace, first_run=timeout, grace=min(pace.grace, timeout), start=min(pace.start, timeout)
    )


def require_packed(project: Project) -> None:
    """Raises ProjectError for a project whose firmware doesn't speak RPC."""
    if project.entrypoint != "packed":
        raise ProjectError(
            f"{project.directory} has the entry point {project.entrypoint}: its firmware calls the "
            "model itself and doesn't speak RPC.",
            hint=f"microtvm-boards create {project.mlf} NEW_PROJECT --board {project.board.name} "
            "--model-entrypoint-api packed",
        )
