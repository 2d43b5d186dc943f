"""A trial of TVM's tuning as a project of the Project API: a kernel and a reference to its host.

TVM makes a project of every configuration that it measures. One of these holds the kernel's code
alone: its build links an image for the kernel host, whose firmware stays on the board.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

from microtvm_boards.errors import ProjectError, UsageError
from microtvm_boards.model import Model, Style
from microtvm_boards.platforms import Progress, get_platform, transport_to
from microtvm_boards.project.generate import prepare
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.plan.files import trial_files
from microtvm_boards.project.project import Project
from microtvm_boards.project.write.render import render
from microtvm_boards.transports.base import Transport
from microtvm_boards.tuning.host.image import KernelImage
from microtvm_boards.tuning.host.kernel_host import KernelHost

_STATE = "trial.json"
_CODE = ("model/codegen/host/src", "model/codegen/host/lib")


def is_trial(model: Model, options: ProjectOptions) -> bool:
    """Whether a project of `model` is one: of single operators, for Python to call."""
    return model.style is Style.OPERATOR and options.model_entrypoint_api == "packed"


def create_trial(model: Model, directory: Path, options: ProjectOptions) -> Project:
    """Writes the trial project of `model` into the new `directory`. Raises as `create`."""
    if options.board is not None and Path(options.board).is_file():
        options = replace(options, board=str(Path(options.board).resolve()))
    render(trial_files(prepare(model, replace(options, standalone_crt_dir=None))), directory)
    return Project.open(directory)


def host_of(project: Project, *, progress: Progress | None = None) -> KernelHost:
    """The kernel host of a trial project; it is made and built unless it is there. Raises as
    `KernelHost.prepare`."""
    return KernelHost.prepare(project.options, progress=progress)


def build_trial(project: Project, *, progress: Progress | None = None) -> KernelImage:
    """Builds the kernel. Raises as `KernelHost.prepare` and `KernelHost.build`."""
    host = host_of(project, progress=progress)
    sources = {
        path.name: path.read_bytes()
        for folder in _CODE
        for path in sorted((project.directory / folder).glob("*"))
    }
    state = project.build_dir / _STATE
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(project.build_dir)
    image = host.build(sources, project.build_dir)
    document = {
        "path": str(image.path.relative_to(project.build_dir)),
        "size_bytes": image.size_bytes,
        "sha256": image.sha256,
        "functions": image.functions,
        "seconds": image.seconds,
        "host": host.firmware_sha256,
    }
    state.write_text(json.dumps(document, indent=2) + "\n")
    return image


def _built(project: Project) -> tuple[KernelHost, KernelImage]:
    """Raises ProjectError when the project isn't built, or its kernel host is another by now."""
    hint = "build the project" + (" again" if project.build_dir.exists() else "")
    try:
        document = json.loads((project.build_dir / _STATE).read_text())
        image = KernelImage(
            path=project.build_dir / document["path"],
            size_bytes=document["size_bytes"],
            sha256=document["sha256"],
            functions=tuple(document["functions"]),
            seconds=document["seconds"],
        )
        firmware = document["host"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProjectError(f"The project {project.directory} is not built.", hint=hint) from error
    host = host_of(project)
    if host.firmware_sha256 != firmware:
        raise ProjectError(
            f"The kernel of {project.directory} was linked against another firmware than "
            f"{host.project.directory}.",
            hint=hint,
        )
    return host, image


def flash_trial(
    project: Project, device: DeviceOptions, *, progress: Progress | None = None
) -> str:
    """Sees to it that the board holds the firmware that the kernel needs; says how in one line.

    Raises as `Platform.flash` and `KernelHost.open`.
    """
    host, image = _built(project)
    if host.window is None:
        built = Project.open(image.path)
        return get_platform(built.platform).flash(built, device, progress=progress)
    if not host.on_board(device):
        return "Nothing to flash: the kernel is loaded into the firmware that runs."
    host.open(replace(device, fast_baud=None)).close()
    return "The board holds the kernel host; the kernel is loaded into its RAM."


def open_trial(project: Project, device: DeviceOptions) -> Transport:
    """An open transport to a firmware with the kernel in it, and no session.

    Raises as `KernelHost.open` and `KernelHost.load`; then nothing is left open.
    """
    if device.fast_baud is not None:
        raise UsageError("fast_baud is negotiated by our own RPC client.", hint="leave it out")
    host, image = _built(project)
    if host.window is None:
        transport = transport_to(Project.open(image.path), device)
        transport.open()
        return transport
    opened = host.open(device)
    try:
        host.load(opened, image)
        opened.session.end()
    except BaseException:
        opened.close()
        raise
    return opened.transport
