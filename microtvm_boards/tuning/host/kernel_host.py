"""A firmware that runs kernels: made and built once, it takes one kernel after the other."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from microtvm_boards.errors import DeviceError, ProjectError, TransportError, UsageError
from microtvm_boards.platforms import Progress, get_platform
from microtvm_boards.platforms.build_state import sha256_of
from microtvm_boards.project.manifest import MANIFEST
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.plan.draft import Plan
from microtvm_boards.project.project import Project
from microtvm_boards.project.write.render import render
from microtvm_boards.resources import cache_directory
from microtvm_boards.rpc import Device, Pace
from microtvm_boards.rpc.remote import RemoteHandle
from microtvm_boards.run.connection import codec_of, connect_to, pace_of
from microtvm_boards.tuning.host.image import KernelImage, KernelTooLargeError
from microtvm_boards.tuning.host.library import PLACEHOLDER, SLOTS, write_host_library
from microtvm_boards.tuning.host.linked import functions
from microtvm_boards.tuning.host.plan import Mode, identity, plan_host
from microtvm_boards.tuning.host.rebuild import FirmwareTransport, build_firmware, worker_project
from microtvm_boards.tuning.host.window import NOTES, Window

__all__ = ["KernelHost", "KernelImage", "KernelTooLargeError", "cache_folder"]

_LIBRARY = "kernel_host.tar"
_LOCK = "lock"  # as old as the last use
_UNUSED_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True)
class KernelHost:
    """One firmware for one board and its options. Can be pickled; any process may build with it.

    mode: how a kernel gets onto the board: into a "window" in RAM; by "rebuild", an incremental
        build and flash, where the board has no RAM that can be spared or executed.
    project: of the firmware itself, built. firmware_sha256: of its ELF.
    """

    mode: Mode
    project: Project
    firmware_sha256: str
    folder: Path  # of all that belongs to it, in the user's cache directory
    plan: Plan
    window: Window | None = None  # mode window

    @classmethod
    def prepare(cls, options: ProjectOptions, *, progress: Progress | None = None) -> KernelHost:
        """Makes and builds the firmware unless that was done before: by board, options, template
        and compiler. Only options of create count. Several processes may call it at a time.

        Raises UsageError, BoardError or ProjectError for what can't be tuned on, BuildError and
        ToolNotFoundError as builds do.
        """
        cache = cache_folder()
        try:
            library = cache / _LIBRARY
            write_host_library(library)
            mode, plan = plan_host(library, options)
            name = plan.kernel_host.identity if plan.kernel_host else identity(plan)
            folder = cache / name
            if not folder.is_dir():
                _forget_unused(cache)
            folder.mkdir(parents=True, exist_ok=True)
            with _locked(folder / _LOCK):
                project = _built(plan, folder, mode, progress)
                window = Window.of(project, folder, name) if mode == "window" else None
        except OSError as error:
            raise ProjectError(f"The kernel host can't be kept in {cache}: {error}.") from error
        firmware = get_platform(project.platform).firmware(project)
        digest = sha256_of(firmware)
        return cls(mode, project, digest, folder, plan, window)

    def build(self, sources: Mapping[str, bytes], directory: Path) -> KernelImage:
        """Compiles and links a kernel in `directory`, which is the caller's alone. `sources`: C
        files and objects by name, one with the tables of a system library.

        Raises BuildError with the compiler's first error, KernelTooLargeError for code or stack
        that the board has no room for.
        """
        start = time.monotonic()
        directory = directory.absolute()
        directory.mkdir(parents=True, exist_ok=True)
        if self.window is not None:
            path, size, linked = self.window.build(sources, directory)
            digest = sha256_of(path)
        else:
            with worker_project(self.plan, self.folder) as worker:
                project = build_firmware(worker, sources, directory)
            path = project.directory
            linked = get_platform(project.platform).firmware(project)
            digest = sha256_of(linked)
            size = sum(m.used_bytes for m in get_platform(project.platform).memory_use(project))
        names = functions(linked, sources.values())
        return KernelImage(path, size, digest, names, time.monotonic() - start)

    def open(self, device: DeviceOptions, *, pace: Pace | None = None) -> Device:
        """A device with this firmware: its emulator is started, or the board is flashed unless it
        holds the firmware already.

        Raises as `connect`, and FlashError.
        """
        if self.window is None:
            transport = FirmwareTransport(self.project, replace(device, fast_baud=None))
            pace = pace or pace_of(self.project, device)
            opened = Device(transport, codec_of(self.project), pace=pace)
            if self.on_board(device):
                return opened  # opened by `load`, behind the first kernel's firmware
            opened.open()
            return opened
        try:
            return self._connected(device, pace)
        except (DeviceError, TransportError):
            if not self.on_board(device):
                raise
        get_platform(self.project.platform).flash(self.project, device)
        return self._connected(device, pace)

    def _connected(self, device: DeviceOptions, pace: Pace | None) -> Device:
        opened = connect_to(self.project, device, pace=pace)
        try:
            if self.window is not None:
                self.window.check(opened)
        except BaseException:
            opened.close()
            raise
        return opened

    def load(self, device: Device, image: KernelImage) -> RemoteHandle:
        """Brings a kernel onto a device of `open`: the module with its functions. Tensors and
        functions of before are gone in mode rebuild.

        Raises DeviceError when the device refuses it, SessionError when it fails on the way,
        FlashError.
        """
        if self.window is not None:
            self.window.load(device, image.path)
            return device.system_library()
        transport = device.transport
        if not isinstance(transport, FirmwareTransport):
            raise UsageError("The device was not opened by KernelHost.open.")
        device.close()
        transport.change(Project.open(image.path))
        device.open()
        return device.system_library()

    def on_board(self, device: DeviceOptions) -> bool:
        """Whether that device has a flash of its own, on this or another desk."""
        return get_platform(self.project.platform).on_hardware(self.project, device)


def cache_folder() -> Path:
    """Where kernel hosts are kept. It may be removed while nothing is tuned."""
    return cache_directory() / "kernel-hosts"


def _built(plan: Plan, folder: Path, mode: Mode, progress: Progress | None) -> Project:
    """The project of the firmware, built. Where kernels are built in projects like it, only what
    running it takes: it was the first of them."""
    directory = folder / "project"
    platform = get_platform(plan.platform)
    if (directory / MANIFEST).is_file():
        project = Project.open(directory)
        with contextlib.suppress(ProjectError):  # a build that was interrupted
            platform.firmware(project)
            return project
    shutil.rmtree(directory, ignore_errors=True)
    (folder / NOTES).unlink(missing_ok=True)
    if mode != "window":
        with worker_project(plan, folder) as worker:
            return build_firmware(worker, {SLOTS[0]: PLACEHOLDER}, folder, progress)
    render(plan, directory)
    project = Project.open(directory)
    platform.build(project, progress=progress)
    return project


def _forget_unused(cache: Path) -> None:
    """Hosts of older versions, templates and options that nobody has asked for in a month."""
    for lock in cache.glob(f"*/{_LOCK}"):
        with contextlib.suppress(OSError):
            if time.time() - lock.stat().st_mtime > _UNUSED_SECONDS:
                shutil.rmtree(lock.parent)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
