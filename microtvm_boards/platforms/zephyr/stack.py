"""The main thread's stack: as large as the compiler's stack report says, and a margin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from microtvm_boards.firmware.stack_report import objects_of, short_chain, stack_report
from microtvm_boards.firmware.stack_use import StackUse
from microtvm_boards.platforms.logged_build import Build
from microtvm_boards.platforms.zephyr.memories import AROUND, stack_size
from microtvm_boards.project.project import Project

SETTING = "CONFIG_MAIN_STACK_SIZE"
# A stack that the plan has for it may be so much larger before the build shrinks it: another size
# means to compile the kernel again.
SLACK = 256


class MainStack:
    """Sizes the stack of one build. Changing it means to configure and compile everything again,
    so before the first link only the application is compiled to know its size."""

    def __init__(
        self, project: Project, build: Build, environment: Mapping[str, str], *, hosted: bool
    ) -> None:
        self._project = project
        self._build = build
        self._environment = environment
        self._hosted = hosted
        self._automatic = not hosted and not _chosen_by_user(project)

    def before_first_link(self) -> None:
        """Compiles the application alone and sizes the stack for it."""
        if self._automatic:
            build_dir = str(self._project.build_dir)
            self._build.run(
                ["cmake", "--build", build_dir, "--verbose", "--target", "app"], self._environment
            )
            self.resize()

    def resize(self) -> bool:
        """Whether the size had to change: then everything has to be built again."""
        use = self.use
        if not self._automatic or use is None:
            return False
        project = self._project
        size = (
            project.manifest.stack_bytes if use.main_bytes is None else stack_size(use.main_bytes)
        )
        configured = _configured_size(project)
        if configured is not None and size <= configured <= size + SLACK:
            return False
        self._build.run(["cmake", f"-D{SETTING}={size}", str(project.build_dir)], self._environment)
        return True

    @property
    def use(self) -> StackUse | None:
        """As compiled and configured now. None on a host."""
        if self._hosted:
            return None
        project = self._project
        folders = [project.build_dir / "CMakeFiles" / f"{name}.dir" for name in ("app", "model")]
        report = stack_report(objects_of(folders), "main", inside=project.directory)
        return StackUse(
            reserved_bytes=_configured_size(project) or project.manifest.stack_bytes,
            static_bytes=None if report.bound is None else report.bound + AROUND,
            main_bytes=report.bound,
            interrupts={"Zephyr's own frames, and what an interrupt saves": AROUND},
            automatic=self._automatic,
            chain=short_chain(report, project.directory),
            allowances=report.allowances,
            problems=report.problems,
        )


def _chosen_by_user(project: Project) -> bool:
    """By an option, or by an edited prj.conf."""
    if project.options.stack_size_bytes is not None:
        return True
    sizes = re.findall(rf"^{SETTING}=(\d+)", _text(project.directory / "prj.conf"), re.MULTILINE)
    return sizes != [str(project.manifest.stack_bytes)]


def _configured_size(project: Project) -> int | None:
    match = re.search(
        rf"^{SETTING}=(\d+)", _text(project.build_dir / "zephyr" / ".config"), re.MULTILINE
    )
    return int(match[1]) if match else None


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
