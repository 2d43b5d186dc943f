"""Which tool flashes which board: what every platform's `flash` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from microtvm_boards.boards import Board, FlasherChoice
from microtvm_boards.errors import FlashError, ToolNotFoundError, UsageError
from microtvm_boards.firmware.linked_needs import refuse_oversize
from microtvm_boards.flashers import Flasher, FlashTarget, Progress, get_flasher
from microtvm_boards.flashers.base import Setting
from microtvm_boards.flashers.failures import Failure, FlashFailedError
from microtvm_boards.flashers.probes import Probe, list_probes
from microtvm_boards.flashers.wear import count_write
from microtvm_boards.platforms.serial_board import on_hardware
from microtvm_boards.transports.ports import SerialPort, find_port, list_ports

if TYPE_CHECKING:
    from microtvm_boards.project.options.device import DeviceOptions
    from microtvm_boards.project.project import Project

EMULATOR = "emulator"
# Failures before anything was written to the flash.
_UNTOUCHED = frozenset(Failure) - {Failure.VERIFY, Failure.TIMEOUT, Failure.OTHER}


@dataclass(frozen=True)
class FlashRequest:
    """A firmware to flash, and what the platform knows about that beyond the board file."""

    project: Project
    firmware: Path  # the ELF of the last good build
    device: DeviceOptions
    default: str | None = None  # the flasher where none is chosen; None: the board file's
    directory: Path | None = None  # where the tool runs; None: the project's
    settings: Mapping[str, Setting] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    probes: Sequence[Probe] | None = None  # None: what is plugged in
    ports: Sequence[SerialPort] | None = None

    @property
    def board(self) -> Board:
        return self.project.board


def flash_with(request: FlashRequest, *, progress: Progress | None = None) -> str:
    """Flashes the firmware; one line for the user says how.

    The tool is `device.flasher`, else `default`, else the first of the board file that is
    installed; it finds the build in the project's build directory and leaves flash.log there.
    Raises ProjectError for a firmware that doesn't fit, FlashError, ToolNotFoundError, UsageError,
    and TransportError for a port that is unclear.
    """
    board, device, project = request.board, request.device, request.project
    refuse_oversize(request.firmware, board.memories)
    choice = choose(board, device, request.default)
    flasher = get_flasher(choice.name)
    serial_number, port = device.serial_number, device.port
    if flasher.needs_port:
        port = _port(board, device, request.ports)
        serial_number = serial_number or _serial_number_of(port, request.ports)
    elif flasher.writes and serial_number is None:
        found = list_probes() if request.probes is None else request.probes
        serial_number = _only_probe(board, flasher.probe_kinds, found)
    gdbserver = None if device.gdbserver_port is None else f"localhost:{device.gdbserver_port}"
    target = FlashTarget(
        firmware=request.firmware,
        board=board,
        build_dir=project.build_dir,
        directory=request.directory or project.directory,
        serial_number=serial_number,
        port=port,
        gdbserver=gdbserver,
        settings={**choice.settings, **_known(flasher, request.settings)},
        environment=request.environment,
    )
    written = flasher.writes
    try:
        return flasher.flash(target, progress=progress)
    except FlashFailedError as error:
        written = written and error.failure not in _UNTOUCHED
        raise
    except (ToolNotFoundError, UsageError):
        written = False
        raise
    finally:
        if written and gdbserver is None:
            count_write(wear_key(board, serial_number))


def choose(board: Board, device: DeviceOptions, default: str | None = None) -> FlasherChoice:
    """The flasher for `board`. A board with an emulator is the emulated one unless a port, probe or
    flasher is named.

    Raises FlashError when the board names none, ToolNotFoundError when none is installed,
    UsageError for an unknown one.
    """
    named = device.flasher or default
    if named is not None:
        get_flasher(named)
        listed = (c for c in board.flashers if c.name == named)
        return next(listed, FlasherChoice(named))
    emulated = [c for c in board.flashers if c.name == EMULATOR]
    if emulated and not on_hardware(board, device):
        return emulated[0]
    real = [c for c in board.flashers if c.name != EMULATOR]
    if not real:
        raise FlashError(
            f"Board {board.name} names no flasher.",
            hint=f"--flasher, or add flashers to {board.source}",
        )
    for choice in real:
        if get_flasher(choice.name).available():
            return choice
    tools = [flasher.tool for c in real if (flasher := get_flasher(c.name)).tool is not None]
    raise ToolNotFoundError(
        f"None of the tools that flash {board.name} is installed.",
        details=[f"{tool.programs[0]} {tool.purpose}: {tool.hint}" for tool in tools if tool],
        hint=tools[0].hint if tools and tools[0] else "",
    )


def wear_key(board: Board, serial_number: str | None) -> str:
    """What writes are counted by: the probe, which on most boards is part of the board."""
    return serial_number or f"{board.name} (no serial number)"


def wear_key_of(board: Board, device: DeviceOptions) -> str:
    """What writes to the board that `device` means are counted by, as far as that can be told
    without its flasher."""
    if device.serial_number is not None:
        return wear_key(board, device.serial_number)
    if device.port is not None:
        return wear_key(board, _serial_number_of(device.port, None))
    try:
        return wear_key(board, _only_probe(board, None, list_probes()))
    except FlashFailedError:
        return wear_key(board, None)


def _known(flasher: Flasher, settings: Mapping[str, Setting]) -> Mapping[str, Setting]:
    """Those that the flasher has: a platform doesn't know which flasher will be chosen."""
    return {name: value for name, value in settings.items() if name in flasher.known_settings}


def _port(board: Board, device: DeviceOptions, ports: Sequence[SerialPort] | None) -> str:
    return find_port(
        [(usb.vid, usb.pid) for usb in board.usb_ids],
        board=board.name,
        serial_number=device.serial_number,
        port=device.port,
        ports=ports,
    )


def _serial_number_of(port: str, ports: Sequence[SerialPort] | None) -> str | None:
    known: Iterable[SerialPort] = list_ports() if ports is None else ports
    return next((p.serial_number for p in known if p.device == port), None)


def _only_probe(board: Board, kinds: frozenset[str] | None, probes: Sequence[Probe]) -> str | None:
    """The serial number of the one probe that can be meant. None: the tool has to find it.

    Raises FlashFailedError when several are plugged in: not every tool asks which one is meant.
    """
    ids = {(usb.vid, usb.pid) for usb in board.usb_ids}
    own = [p for p in probes if p.usb_id in ids and (kinds is None or p.kind in kinds)]
    if kinds is None:
        fitting = own if ids else [p for p in probes if p.kind != "DFU"]
    else:  # not necessarily the one on the board
        fitting = own or [p for p in probes if p.kind in kinds]
    if len(fitting) > 1:
        raise FlashFailedError(
            f"{len(fitting)} probes are plugged in that board {board.name} may have; which one is "
            "meant?",
            Failure.SEVERAL_PROBES,
            details=[str(p) for p in fitting],
            hint="--serial-number with one of them",
        )
    return fitting[0].serial_number if fitting else None
