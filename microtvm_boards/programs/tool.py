"""A program, or a Python package: where it is, what it says of itself, how to get it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from microtvm_boards.errors import ToolNotFoundError


@dataclass(frozen=True)
class Tool:
    """One program. Any of `programs` will do; `packages` are Debian's.

    `get`: how to get it where no package has it. `folders`: where its installer puts it.
    `module`: a Python package that our own Python has to have; no program is looked for then.
    """

    programs: tuple[str, ...]
    purpose: str  # "builds the firmware": goes on after "it"
    packages: tuple[str, ...] = ()
    get: str = ""
    folders: tuple[str, ...] = ()
    module: str = ""

    @property
    def hint(self) -> str:
        return self.get or "apt-get install " + " ".join(self.packages)


def find(tool: Tool) -> str | None:
    """The path of the first of its programs that is installed.

    On the PATH, in its own folders, or beside our Python: a virtual environment's programs need
    not be on the PATH of whoever runs one of them. Of a module, its file; it isn't imported.
    """
    if tool.module:
        spec = util.find_spec(tool.module)
        return None if spec is None else spec.origin
    folders = [None, *map(_expanded, tool.folders), str(Path(sys.executable).parent)]
    for folder in folders:
        for program in tool.programs:
            path = shutil.which(program, path=folder)
            if path is not None:
                return path
    return None


def require(tools: Iterable[Tool]) -> None:
    """Raises ToolNotFoundError that names every tool that is missing and how to install them."""
    missing = [tool for tool in tools if find(tool) is None]
    if not missing:
        return
    packages = dict.fromkeys(p for tool in missing if not tool.get for p in tool.packages)
    hints = ["apt-get install " + " ".join(packages)] if packages else []
    hints += [tool.get for tool in missing if tool.get]
    modules = all(tool.module for tool in missing)
    raise ToolNotFoundError(
        ", ".join(" or ".join(tool.programs) for tool in missing)
        + (" is" if len(missing) == 1 else " are")
        + " needed and not "
        + (f"installed for {sys.executable}." if modules else "on the PATH."),
        details=[f"{tool.programs[0]} {tool.purpose}" for tool in missing],
        hint="; ".join(hints),
    )


def version(tool: Tool) -> tuple[str, str]:
    """The name of the program that is installed, and the first line it prints of its version."""
    path = find(tool)
    if path is None:
        return tool.programs[0], ""
    if tool.module:
        try:
            return tool.module, f"{tool.module} {metadata.version(tool.module)}"
        except metadata.PackageNotFoundError:
            return tool.module, ""
    try:
        done = subprocess.run(
            [path, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return Path(path).name, ""
    lines = done.stdout.decode(errors="replace").splitlines()
    return Path(path).name, next((line.strip() for line in lines if line.strip()), "")


def _expanded(folder: str) -> str:
    return str(Path(folder).expanduser())
