"""The main thread's stack: as large as the compiler's stack report says, and a margin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from microtvm_boards.platforms.logged_build import Build
from microtvm_boards.platforms.stack_report import objects_of, stack_report, write_report
from microtvm_boards.project.manifest import Project
from microtvm_boards.project.preflight import align_up

SETTING = "CONFIG_MAIN_STACK_SIZE"
REPORT = "stack.txt"
# What Zephyr reserves by default: drivers are initialized on the same stack, before main().
LEAST = 1024
# Zephyr's frames around main(), and the registers that an interrupt stacks (with FPU 104 bytes on
# Cortex-M); interrupts themselves have a stack of their own.
AROUND = 64 + 128
STEP = 128  # small changes of a kernel don't change the configuration


class MainStack:
    """Sizes the stack of one build. Changing it means to configure and compile everything again,
    so before the first link only the application is compiled to know its size."""

    def __init__(
        self, project: Project, build: Build, environment: Mapping[str, str], *, hosted: bool
    ) -> None:
        self._project = project
        self._build = build
        self._environment = environment
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
        if not self._automatic:
            return False
        project = self._project
        folders = [project.build_dir / "CMakeFiles" / f"{name}.dir" for name in ("app", "model")]
        report = stack_report(objects_of(folders), "main", inside=project.directory)
        size = project.stack_bytes if report.bound is None else stack_size(report.bound)
        write_report(report, project.build_dir / REPORT, size)
        if _configured_size(project) == size:
            return False
        self._build.run(["cmake", f"-D{SETTING}={size}", str(project.build_dir)], self._environment)
        return True


def stack_size(bound: int) -> int:
    """Bytes to reserve for a worst case of `bound`: an eighth more, and what isn't ours."""
    return max(LEAST, align_up(bound + bound // 8 + AROUND, STEP))


def _chosen_by_user(project: Project) -> bool:
    """By an option, or by an edited prj.conf."""
    if project.options.get("stack_size_bytes") is not None:
        return True
    sizes = re.findall(rf"^{SETTING}=(\d+)", _text(project.directory / "prj.conf"), re.MULTILINE)
    return sizes != [str(project.stack_bytes)]


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
