"""What every build has: tools checked, a log, a failure explained, the last good firmware kept."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from microtvm_boards.errors import BuildError, ProjectError, TooLargeError
from microtvm_boards.firmware.memory_use import MemoryUse, memory_use
from microtvm_boards.firmware.stack_use import StackUse, write_stack
from microtvm_boards.platforms import build_state, tools
from microtvm_boards.platforms.base import BuildResult, Platform, Progress
from microtvm_boards.platforms.build_errors import FirstError, explain, last_lines
from microtvm_boards.platforms.build_state import BuildState
from microtvm_boards.platforms.tools import Tool
from microtvm_boards.programs import run_logged
from microtvm_boards.project.project import Project


@dataclass(frozen=True)
class Build:
    """One build that is going on: runs its commands with a log."""

    project: Project
    log: TextIO
    progress: Progress | None
    hint: Callable[[FirstError], str]  # what to do about a failure

    def run(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """In the project's directory. Raises BuildError with the first error of a command that
        fails."""
        status, output = run_logged(
            command,
            cwd=self.project.directory,
            log=self.log,
            progress=self.progress,
            environment=environment,
        )
        if status != 0:
            failure = explain(output, self.project.directory, self.project.board)
            kind = TooLargeError if failure.too_large else BuildError
            raise self.failed(str(failure), last_lines(output), self.hint(failure), kind)

    def failed(
        self,
        cause: str,
        details: Sequence[str] = (),
        hint: str = "",
        kind: type[BuildError] = BuildError,
    ) -> BuildError:
        """Notes that the build failed; the error is the caller's to raise."""
        build_state.write_state(self.project, BuildState("failed", cause=cause))
        log = self.project.build_dir / build_state.LOG
        return kind(f"The build failed: {cause}", details=details, hint=hint, log=log)


class LoggedBuild(Platform):
    """A platform that links an ELF below the project's directory build/."""

    @abstractmethod
    def needed_tools(self, project: Project) -> Sequence[Tool]:
        """What has to be installed; their versions are noted."""

    @abstractmethod
    def make(self, project: Project, build: Build) -> StackUse | None:
        """Configures and builds with `build.run`; the worst case of the stack where it is known."""

    def linked(self, project: Project) -> Path:
        """Where the linker puts the firmware; its map is beside it."""
        return project.build_dir / build_state.FIRMWARE

    def hint(self, project: Project, failure: FirstError) -> str:
        """What to do about `failure`."""
        return failure.hint

    def build(self, project: Project, *, progress: Progress | None = None) -> BuildResult:
        """See Platform.build. With nothing to do it takes a fraction of a second."""
        if project.manifest.trial:
            raise ProjectError(
                f"{project.directory} is a trial of tuning, which TVM builds through the Project "
                "API; it has no firmware of its own.",
                hint=f"microtvm-boards create {project.mlf} NEW_PROJECT --board "
                f"{project.board.name}, for one that has",
            )
        needed = self.needed_tools(project)
        tools.require(needed)
        start = time.monotonic()
        try:
            project.build_dir.mkdir(exist_ok=True)
            log_path = build_state.rotate_log(project)
            build_state.write_state(project, BuildState("unfinished"))
            with log_path.open("w", encoding="utf-8", buffering=1) as log:
                build = Build(project, log, progress, partial(self.hint, project))
                stack = self.make(project, build)
                linked = self.linked(project)
                if not linked.is_file():
                    raise build.failed(f"it made no {linked.name}")
            memory = memory_use(linked, self.memories(project))
            digest = build_state.keep_good(project, linked)
            seconds = time.monotonic() - start
            state = BuildState(
                "ok",
                seconds=round(seconds, 3),
                firmware_sha256=digest,
                tools=dict(tools.version(tool) for tool in needed),
            )
            if stack is not None:
                write_stack(stack, project, digest)
            build_state.write_state(project, state)
        except OSError as error:
            raise ProjectError(
                f"The project can't be built in {project.build_dir}: {error}."
            ) from error
        firmware = self.firmware(project)
        return BuildResult(firmware, memory, seconds, log_path, self.stack_use(project))

    def firmware(self, project: Project) -> Path:
        return build_state.good_firmware(project, self.linked(project))

    def memory_use(self, project: Project) -> tuple[MemoryUse, ...]:
        return memory_use(self.firmware(project), self.memories(project))
