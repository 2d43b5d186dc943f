"""The compiler's commands for kernels, as the build of the kernel host has them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.errors import BuildError, ProjectError
from microtvm_boards.platforms.build_errors import explain, last_lines
from microtvm_boards.programs import run_logged
from microtvm_boards.project.project import Project
from microtvm_boards.tuning.host.library import SLOTS

_WITH_VALUE = ("-o", "-MF", "-MT", "-MQ")
# They change nothing in the code: debug information, dependencies, notes for reports.
_LEFT_OUT = ("-g", "-c", "-MD", "-MMD", "-fcallgraph-info=su")


@dataclass(frozen=True)
class Compiler:
    """program: the compiler's path. flags: of generated code, so that machine code is the same as
    in a normal build. cpu: those of them that a linker needs to choose its libraries."""

    program: str
    flags: tuple[str, ...]
    cpu: tuple[str, ...]

    @classmethod
    def of(cls, project: Project) -> Compiler:
        """Raises ProjectError when the build of `project` left no compile_commands.json."""
        path = project.build_dir / "compile_commands.json"
        try:
            entry = next(e for e in json.loads(path.read_text()) if e["file"].endswith(SLOTS[0]))
            words = entry.get("arguments") or shlex.split(entry["command"])
        except (OSError, ValueError, KeyError, StopIteration) as error:
            raise ProjectError(
                f"{path} doesn't say how kernels are compiled: {error!r}.",
                hint=f"rm -r {project.directory.parent}; it is made again",
            ) from error
        flags = tuple(_flags(words[1:], entry["file"]))
        cpu = tuple(flag for flag in flags if flag.startswith("-m"))
        return cls(words[0], flags, cpu)

    def compile(self, source: Path, target: Path, project: Project) -> None:
        """Raises BuildError with the first error."""
        self.run([*self.flags, "-c", str(source), "-o", str(target)], source.parent, project)

    def link(self, arguments: Sequence[str], directory: Path, project: Project) -> None:
        """Raises BuildError with the first error."""
        self.run([*self.cpu, *arguments], directory, project)

    def run(self, arguments: Sequence[str], directory: Path, project: Project) -> None:
        """Runs the compiler in `directory`, where its log is."""
        path = directory / "kernel.log"
        try:
            with path.open("a", encoding="utf-8") as log:
                command = [self.program, *arguments]
                status, output = run_logged(command, cwd=directory, log=log, progress=None)
        except OSError as error:
            raise ProjectError(f"The kernel can't be built in {directory}: {error}.") from error
        if status != 0:
            failure = explain(output, directory, project.board)
            raise BuildError(
                f"The kernel doesn't build: {failure}",
                details=last_lines(output),
                hint=failure.hint,
                log=path,
            )


def _flags(words: Sequence[str], source: str) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif word not in _LEFT_OUT and word != source:
            yield word
