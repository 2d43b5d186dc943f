"""What platforms share that build with CMake alone: configure, build, keep the last good one."""

from __future__ import annotations

import os
import re
import shutil
import time
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from microtvm_boards.errors import BuildError, ProjectError
from microtvm_boards.platforms import build_state, tools
from microtvm_boards.platforms.base import BuildResult, MemoryUse, Platform, Progress
from microtvm_boards.platforms.build_errors import explain, last_lines
from microtvm_boards.platforms.build_state import BuildState
from microtvm_boards.platforms.commands import run_logged
from microtvm_boards.platforms.elf_sizes import memory_use
from microtvm_boards.platforms.tools import Tool
from microtvm_boards.project.manifest import Project


class CMakePlatform(Platform):
    """A platform whose project is a plain CMake project that links build/firmware.elf."""

    @abstractmethod
    def compiler(self) -> Tool:
        """The compiler that the project's CMake files choose."""

    def build(self, project: Project, *, progress: Progress | None = None) -> BuildResult:
        """See Platform.build. With nothing to do it takes a fraction of a second."""
        needed = (self.compiler(), tools.CMAKE, tools.NINJA_OR_MAKE)
        tools.require(needed)
        start = time.monotonic()
        try:
            project.build_dir.mkdir(exist_ok=True)
            log_path = build_state.rotate_log(project)
            build_state.write_state(project, BuildState("unfinished"))
            with log_path.open("w", encoding="utf-8", buffering=1) as log:
                _configure_and_build(project, log, progress)
            memory = memory_use(project.build_dir / build_state.FIRMWARE, project.board.memories)
            digest = build_state.keep_good(project)
            seconds = time.monotonic() - start
            state = BuildState(
                "ok",
                seconds=round(seconds, 3),
                firmware_sha256=digest,
                tools=dict(tools.version(tool) for tool in needed),
            )
            build_state.write_state(project, state)
        except OSError as error:
            raise ProjectError(
                f"The project can't be built in {project.build_dir}: {error}."
            ) from error
        return BuildResult(self.firmware(project), memory, seconds, log_path)

    def firmware(self, project: Project) -> Path:
        return build_state.good_firmware(project)

    def memory_use(self, project: Project) -> tuple[MemoryUse, ...]:
        return memory_use(self.firmware(project), project.board.memories)


def _configure_and_build(project: Project, log: TextIO, progress: Progress | None) -> None:
    generator, makefile = ("Ninja", "build.ninja")
    if tools.find(tools.NINJA) is None:
        generator, makefile = ("Unix Makefiles", "Makefile")
    if not _is_configured(project, makefile):
        # What a configure that failed, or one in another place, left behind would mislead CMake.
        (project.build_dir / "CMakeCache.txt").unlink(missing_ok=True)
        shutil.rmtree(project.build_dir / "CMakeFiles", ignore_errors=True)
        configure = ["cmake", "-S", str(project.directory), "-B", str(project.build_dir)]
        configure += ["-G", generator, "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"]
        _run(configure, project, log, progress)
    # --verbose: the log has to hold every compiler's command. Make without a number is unlimited.
    build = ["cmake", "--build", str(project.build_dir), "--verbose"]
    build += ["--parallel", str(os.cpu_count() or 1)]
    _run(build, project, log, progress)
    if not (project.build_dir / build_state.FIRMWARE).is_file():
        raise _failed(project, f"it made no {build_state.FIRMWARE}", [])


def _is_configured(project: Project, makefile: str) -> bool:
    """Whether `build` was configured to the end, for this directory: projects can be moved."""
    if not (project.build_dir / makefile).is_file():
        return False
    try:
        cache = (project.build_dir / "CMakeCache.txt").read_text(errors="replace")
    except OSError:
        return False
    home = re.search(r"^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$", cache, re.MULTILINE)
    return home is not None and Path(home[1]) == project.directory


def _run(command: Sequence[str], project: Project, log: TextIO, progress: Progress | None) -> None:
    status, output = run_logged(command, cwd=project.directory, log=log, progress=progress)
    if status != 0:
        failure = explain(output, project.directory, project.board)
        raise _failed(project, str(failure), last_lines(output), failure.hint)


def _failed(project: Project, cause: str, details: Sequence[str], hint: str = "") -> BuildError:
    build_state.write_state(project, BuildState("failed", cause=cause))
    log = project.build_dir / "build.log"
    return BuildError(f"The build failed: {cause}", details=details, hint=hint, log=log)
