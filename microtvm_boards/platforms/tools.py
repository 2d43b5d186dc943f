"""Programs that a platform needs: found before anything is done, named when they are missing."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.errors import ToolNotFoundError


@dataclass(frozen=True)
class Tool:
    """One program. Any of `programs` will do; `packages` are Debian's."""

    programs: tuple[str, ...]
    purpose: str  # "builds the firmware": goes on after "it"
    packages: tuple[str, ...]


CMAKE = Tool(("cmake",), "configures the build", ("cmake",))
NINJA = Tool(("ninja", "ninja-build"), "runs the build", ("ninja-build",))
NINJA_OR_MAKE = Tool((*NINJA.programs, "make", "gmake"), NINJA.purpose, NINJA.packages)
ARM_GCC = Tool(
    ("arm-none-eabi-gcc",),
    "compiles for Arm Cortex-M",
    ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi"),
)


def host_compiler() -> Tool:
    """What CMake takes for C: the command in CC, else the first of cc, gcc and clang."""
    chosen = shlex.split(os.environ.get("CC", ""))
    return Tool(tuple(chosen[:1]) or ("cc", "gcc", "clang"), "compiles C", ("gcc", "libc6-dev"))


def find(tool: Tool) -> str | None:
    """The path of the first of its programs that is installed."""
    return next((path for p in tool.programs if (path := shutil.which(p)) is not None), None)


def require(tools: Iterable[Tool]) -> None:
    """Raises ToolNotFoundError that names every tool that is missing and how to install them."""
    missing = [tool for tool in tools if find(tool) is None]
    if not missing:
        return
    packages = dict.fromkeys(p for tool in missing for p in tool.packages)
    raise ToolNotFoundError(
        ", ".join(" or ".join(tool.programs) for tool in missing)
        + (" is" if len(missing) == 1 else " are")
        + " needed and not on the PATH.",
        details=[f"{tool.programs[0]} {tool.purpose}" for tool in missing],
        hint="apt-get install " + " ".join(packages),
    )


def version(tool: Tool) -> tuple[str, str]:
    """The name of the program that is installed, and the first line it prints of its version."""
    path = find(tool)
    if path is None:
        return tool.programs[0], ""
    try:
        done = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return Path(path).name, ""
    lines = done.stdout.decode(errors="replace").splitlines()
    return Path(path).name, lines[0].strip() if lines else ""
