"""What platforms share that build with CMake alone: configure and build with Ninja or Make."""

from __future__ import annotations

import os
import re
import shutil
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from microtvm_boards.firmware.stack_use import StackUse
from microtvm_boards.platforms import tools
from microtvm_boards.platforms.logged_build import Build, LoggedBuild
from microtvm_boards.platforms.tools import Tool
from microtvm_boards.project.project import Project

BUILD_TOOLS = (tools.CMAKE, tools.NINJA_OR_MAKE)


class CMakePlatform(LoggedBuild):
    """A platform whose project is a plain CMake project that links build/firmware.elf."""

    @abstractmethod
    def compiler(self) -> Tool:
        """The compiler that the project's CMake files choose."""

    @abstractmethod
    def cxx_compiler(self) -> Tool:
        """Likewise for C++, which few projects have."""

    def needed_tools(self, project: Project) -> Sequence[Tool]:
        compilers = [self.compiler(), *([self.cxx_compiler()] if project.has_cxx else [])]
        return (*compilers, *BUILD_TOOLS)

    def make(self, project: Project, build: Build) -> StackUse | None:
        generator, makefile = ("Ninja", "build.ninja")
        if tools.find(tools.NINJA) is None:
            generator, makefile = ("Unix Makefiles", "Makefile")
        if not is_configured(project, makefile):
            forget_configuration(project)
            configure = ["cmake", "-S", str(project.directory), "-B", str(project.build_dir)]
            build.run([*configure, "-G", generator, "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"])
        build.run(build_command(project))
        return None


def build_command(project: Project) -> list[str]:
    """Builds what is configured. Make without a number is unlimited."""
    # --verbose: the log has to hold every compiler's command.
    build = ["cmake", "--build", str(project.build_dir), "--verbose"]
    return [*build, "--parallel", str(os.cpu_count() or 1)]


def is_configured(project: Project, makefile: str) -> bool:
    """Whether `build` was configured to the end, for this directory: projects can be moved."""
    home = cached(project).get("CMAKE_HOME_DIRECTORY")
    return (project.build_dir / makefile).is_file() and (
        home is not None and Path(home) == project.directory
    )


def cached(project: Project) -> dict[str, str]:
    """The variables in CMake's cache; empty when there is none."""
    try:
        text = (project.build_dir / "CMakeCache.txt").read_text(errors="replace")
    except OSError:
        return {}
    return dict(re.findall(r"^([^#/\n][^:\n]*):[A-Z]+=(.*)$", text, re.MULTILINE))


def forget_configuration(project: Project) -> None:
    """What a configure that failed, or one in another place, left behind would mislead CMake."""
    (project.build_dir / "CMakeCache.txt").unlink(missing_ok=True)
    shutil.rmtree(project.build_dir / "CMakeFiles", ignore_errors=True)
