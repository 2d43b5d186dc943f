"""Mode rebuild: a kernel is linked into a firmware of its own, which is flashed."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from microtvm_boards.errors import ProjectError, TooLargeError
from microtvm_boards.platforms import Progress, get_platform, transport_to
from microtvm_boards.project.manifest import BOARD_FILE, MANIFEST
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.plan.draft import Plan
from microtvm_boards.project.project import Project
from microtvm_boards.project.write.render import render
from microtvm_boards.transports.base import Transport
from microtvm_boards.tuning.host.image import KernelTooLargeError
from microtvm_boards.tuning.host.library import EMPTY, FOLDER, SLOTS

_MOST_WORKERS = 64


def build_firmware(
    project: Project,
    sources: Mapping[str, bytes],
    directory: Path,
    progress: Progress | None = None,
) -> Project:
    """The firmware of `project` with a kernel in it: as much of a project below `directory` as
    flashing and running it takes.

    Raises BuildError with the compiler's first error, KernelTooLargeError, ProjectError for
    sources that can't be compiled there.
    """
    put_sources(project, sources)
    platform = get_platform(project.platform)
    try:
        platform.build(project, progress=progress)
    except TooLargeError as error:
        raise KernelTooLargeError(error.cause, details=error.details, log=error.log) from None
    kept = directory / "project"
    for name in (MANIFEST, BOARD_FILE):
        _copy(project.directory / name, kept / name)
    for name in platform.run_files:
        _copy(project.build_dir / name, kept / "build" / name)
    return Project.open(kept)


def put_sources(project: Project, sources: Mapping[str, bytes]) -> None:
    """Writes a kernel's sources into the project's places for them; only those that change."""
    wrong = [name for name in sources if not name.endswith(".c")]
    if wrong or len(sources) > len(SLOTS):
        raise ProjectError(
            f"An incremental build takes up to {len(SLOTS)} C files; found {', '.join(sources)}.",
            hint="tuning_load=window, or C code: target c",
        )
    folder = project.directory / "model" / FOLDER
    contents = [*sources.values(), *[EMPTY] * len(SLOTS)]
    for slot, data in zip(SLOTS, contents, strict=False):
        path = folder / PurePosixPath(slot)
        if path.read_bytes() != data:
            path.write_bytes(data)


def _copy(source: Path, target: Path) -> None:
    if not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


@contextlib.contextmanager
def worker_project(plan: Plan, folder: Path) -> Iterator[Project]:
    """A project of `plan` below `folder` that nobody else builds in: made when all are in use."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(_MOST_WORKERS):
        with (folder / f"worker-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            directory = folder / f"worker-{number}"
            if not (directory / MANIFEST).is_file():
                shutil.rmtree(directory, ignore_errors=True)
                render(plan, directory)
            yield Project.open(directory)
            return
    raise ProjectError(f"All {_MOST_WORKERS} build directories in {folder} are in use.")


class FirmwareTransport(Transport):
    """To a board whose firmware changes: always to the one of `project`."""

    def __init__(self, project: Project, device: DeviceOptions) -> None:
        self.device = device
        self._inner = transport_to(project, device)

    def change(self, project: Project) -> None:
        """Flashes the firmware of `project`; the next `open` meets it. Only while closed."""
        get_platform(project.platform).flash(project, self.device)
        self._inner = transport_to(project, self.device)

    def open(self) -> None:
        self._inner.open()

    def close(self) -> None:
        self._inner.close()

    def read(self, n: int, timeout: float | None) -> bytes:
        return self._inner.read(n, timeout)

    def write(self, data: bytes, timeout: float | None) -> None:
        self._inner.write(data, timeout)

    def set_baud(self, baud: int) -> None:
        self._inner.set_baud(baud)
