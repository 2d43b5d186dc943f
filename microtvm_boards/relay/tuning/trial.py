"""One trial of AutoTVM or MetaSchedule: from its kernel's code to a session with a board."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from microtvm_boards.boards import Board
from microtvm_boards.errors import (
    BuildError,
    MicroTvmBoardsError,
    ModelError,
    ProjectError,
    UsageError,
)
from microtvm_boards.mlf import load
from microtvm_boards.model import Model, Style
from microtvm_boards.platforms import get_platform, transport_to
from microtvm_boards.project import Project, ProjectOptions, create
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.parse import parse_options
from microtvm_boards.project.options.presets import preset_layer
from microtvm_boards.project.options.resolve import CALLER, Layer
from microtvm_boards.relay.session.bridge import Link
from microtvm_boards.relay.session.link import DeviceLink, SessionLink
from microtvm_boards.relay.tuning.served_board import PORT, SERIAL_NUMBER
from microtvm_boards.rpc import Pace
from microtvm_boards.rpc.codecs.classic.packets import (
    Code,
    exception_text,
    packet_code,
    system_call,
)
from microtvm_boards.run import pace_of, require_packed
from microtvm_boards.tuning.host.kernel_host import KernelHost, KernelImage
from microtvm_boards.tuning.trials.log import PHASES
from microtvm_boards.tuning.trials.scratch import scratch_directory
from microtvm_boards.tuning.trials.workshop import build_failure

_SAID = re.compile(rf"({'|'.join(PHASES)}) failed: ")
_PROJECT = "generated-project"  # in project_dir, as TVM has it (v0.16, micro/session.py)


@dataclass(frozen=True)
class TrialRequest:
    """What AutoTvmModuleLoader asks an RPC server for. `options`: JSON."""

    library: bytes
    template: str
    options: str
    project_dir: str | None
    use_existing: bool


def open_trial(request: TrialRequest) -> Link:
    """A session with a board that holds the kernel. Where that fails, one that only says why."""
    with ExitStack() as undo:
        try:
            link = _open(request, undo)
        except MicroTvmBoardsError as error:
            if request.project_dir is None:
                error.log = None  # gone with the trial's directory
            return _FailedTrial(error)
        except OSError as error:
            return _FailedTrial(MicroTvmBoardsError(f"The system refused: {error}."))
        except Exception as error:
            traceback.print_exc()
            words = f"A mistake in microtvm-boards, not yours: {type(error).__name__}: {error}"
            return _FailedTrial(MicroTvmBoardsError(words))
        return _Trial(link, undo.pop_all())


@contextmanager
def phase(name: str) -> Iterator[None]:
    """Puts before an error's words where in a trial it came: build, link, preflight, load, run."""
    try:
        yield
    except MicroTvmBoardsError as error:
        if not _SAID.match(error.cause):
            error.cause = f"{name} failed: {error.cause}"
        raise


class _Trial:
    def __init__(self, link: Link, undo: ExitStack) -> None:
        self._link = link
        self._undo = undo

    def call(self, packet: bytes) -> bytes:
        with phase("run"):
            reply = self._link.call(packet)
        if packet_code(reply) == Code.EXCEPTION:
            text = exception_text(reply)
            return system_call(Code.EXCEPTION, f"run failed: {text}")
        return reply

    def close(self) -> None:
        with self._undo:
            self._link.close()


class _FailedTrial:
    def __init__(self, error: MicroTvmBoardsError) -> None:
        self._error = error

    def call(self, packet: bytes) -> bytes:
        raise self._error

    def close(self) -> None:
        """Nothing is open."""


def _open(request: TrialRequest, undo: ExitStack) -> Link:
    with phase("preflight"):
        options = _options(request)
        directory = _directory(request, undo)
        if request.use_existing:
            return _open_project(Project.open(directory / _PROJECT), options)
        directory.mkdir(parents=True, exist_ok=True)
        library = directory / "model.tar"
        library.write_bytes(request.library)
        model = load(library)
        settings = parse_options(options, "generate_project")
        if request.project_dir is not None or model.style is not Style.OPERATOR:
            return _open_project(_created(library, directory / _PROJECT, options), options)
        host, image = _built(_sources(model), settings, directory / "kernel")
    with phase("load"):
        where = _device(options, host.project.board)
        device = host.open(where, pace=_patient(pace_of(host.project, where)))
        undo.callback(device.close)
        host.load(device, image)
    return SessionLink(device.session, device.close)


def _built(
    sources: Mapping[str, bytes], settings: ProjectOptions, directory: Path
) -> tuple[KernelHost, KernelImage]:
    """In the phase preflight; says what else failed."""
    try:
        host = KernelHost.prepare(settings)
        return host, host.build(sources, directory)
    except BuildError as error:
        with phase(build_failure(error).phase):
            raise


def _open_project(project: Project, options: Sequence[Layer]) -> Link:
    """A project of the trial's own: of a model, or to be looked at afterwards."""
    require_packed(project)
    where = _device(options, project.board)
    platform = get_platform(project.platform)
    with phase("build"):
        platform.build(project)
    with phase("load"):
        platform.flash(project, where)
        return DeviceLink(transport_to(project, where), _patient(pace_of(project, where)))


def _patient(pace: Pace) -> Pace:
    """RPC packets don't say what work they mean: any may be a run of the kernel."""
    return replace(pace, grace=pace.grace + pace.first_run)


def _sources(model: Model) -> dict[str, bytes]:
    if not model.system_lib:
        raise ModelError(
            "The kernel was built without a system library, in which Python finds functions.",
            hint='runtime=Runtime("crt", {"system-lib": True}) for autotvm.LocalBuilder',
        )
    members = [member for module in model.modules for member in module.sources]
    return {PurePosixPath(member).name: model.files[member] for member in members}


def _options(request: TrialRequest) -> list[Layer]:
    options = json.loads(request.options) or {}  # TVM sends null for None
    if not isinstance(options, dict):
        raise UsageError(f"project_options is a dict; found {request.options}.")
    return [Layer(CALLER, options), preset_layer(Path(request.template))]


def _directory(request: TrialRequest, undo: ExitStack) -> Path:
    if request.project_dir is not None:
        return Path(request.project_dir).expanduser().absolute()
    return undo.enter_context(scratch_directory())


def _created(library: Path, directory: Path, options: Sequence[Layer]) -> Project:
    with contextlib.suppress(ProjectError):  # the last trial's, kept for a look at it
        shutil.rmtree(Project.open(directory).directory)
    return create(library, directory, parse_options(options, "generate_project"))


def _device(options: Sequence[Layer], board: Board) -> DeviceOptions:
    """Which board. AutoTvmModuleLoader puts the tracker's key into serial_number, and a key need
    not be one."""
    opening = parse_options(options, "open_transport").device
    device = replace(opening, flasher=parse_options(options, "flash").device.flasher)
    own = os.environ.get(SERIAL_NUMBER) or None, os.environ.get(PORT) or None
    if any(own):
        return replace(device, serial_number=own[0], port=own[1])
    if device.serial_number and not _is_real(board) and not _is_plugged_in(device.serial_number):
        return replace(device, serial_number=None)
    return device


def _is_real(board: Board) -> bool:
    return board.emulator is None and not board.hosted


def _is_plugged_in(serial_number: str) -> bool:
    from microtvm_boards.flashers.probes import list_probes
    from microtvm_boards.transports.ports import list_ports

    found: list[Callable[[], Any]] = [list_probes, list_ports]
    wanted = serial_number.casefold()
    return any((one.serial_number or "").casefold() == wanted for look in found for one in look())
