"""Configuring a Zephyr application with plain CMake: command line, tool chain, modules, Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from microtvm_boards.boards import Board
from microtvm_boards.errors import BoardError, ToolNotFoundError
from microtvm_boards.platforms import tools
from microtvm_boards.platforms.cmake import cached
from microtvm_boards.platforms.tools import ARM_GCC, Tool, host_compiler
from microtvm_boards.platforms.zephyr.board.boards import architecture
from microtvm_boards.platforms.zephyr.board.section import ZephyrSection
from microtvm_boards.platforms.zephyr.board.tree import ZephyrTree, present_modules
from microtvm_boards.platforms.zephyr.options import ZephyrOptions
from microtvm_boards.project.project import Project

SDK_LINK = "https://docs.zephyrproject.org/latest/develop/toolchains/zephyr_sdk.html"
# Imported by the scripts of Zephyr's build (scripts/requirements-base.txt, 3.2 to 4.x).
PYTHON_PACKAGES = {
    "elftools": "pyelftools",
    "yaml": "PyYAML",
    "pykwalify": "pykwalify",
    "packaging": "packaging",
}
# Where the SDK's own set-up looks for it (cmake/modules/FindZephyr-sdk.cmake).
_SDK_PLACES = ("~", "~/.local", "~/.local/opt", "~/bin", "/opt", "/usr/local")
_KEPT = ("good", "build.json", "build.log", "build.1.log")
_SECONDS = 20


@dataclass(frozen=True)
class Toolchain:
    """The variables that choose it, beside those that the user has set, and what it needs."""

    environment: Mapping[str, str] = field(default_factory=dict)
    tools: tuple[Tool, ...] = ()


def find_toolchain(board: Board, tree: ZephyrTree) -> Toolchain:
    """What the user has chosen, else the Zephyr SDK, else arm-none-eabi-gcc or the host's compiler.

    Raises ToolNotFoundError when the board's architecture needs the SDK and there is none.
    """
    if os.environ.get("ZEPHYR_TOOLCHAIN_VARIANT"):
        return Toolchain()
    arch = None
    zephyr = board.section(ZephyrSection)
    if zephyr is not None:
        arch = zephyr.arch or architecture(zephyr.board, tree)
    if arch == "posix":
        return Toolchain({"ZEPHYR_TOOLCHAIN_VARIANT": "host"}, (host_compiler(),))
    if os.environ.get("ZEPHYR_SDK_INSTALL_DIR") or _has_sdk():
        return Toolchain()
    if arch in ("arm", None):
        gcc = shutil.which(ARM_GCC.programs[0])
        root = Path(gcc).resolve().parent.parent if gcc else Path("/usr")
        return Toolchain(
            {"ZEPHYR_TOOLCHAIN_VARIANT": "gnuarmemb", "GNUARMEMB_TOOLCHAIN_PATH": str(root)},
            (ARM_GCC,),
        )
    raise ToolNotFoundError(
        f"Board {board.name} has the architecture {arch}, which needs a tool chain of its own; "
        "neither ZEPHYR_TOOLCHAIN_VARIANT nor the Zephyr SDK was found.",
        hint=f"install the Zephyr SDK: {SDK_LINK}",
    )


def _has_sdk() -> bool:
    registry = Path("~/.cmake/packages/Zephyr-sdk").expanduser()
    return registry.is_dir() or any(
        path.is_dir()
        for place in _SDK_PLACES
        for path in Path(place).expanduser().glob("zephyr-sdk-*")
    )


def environment(tree: ZephyrTree, toolchain: Toolchain) -> dict[str, str]:
    return {"ZEPHYR_BASE": str(tree.base), **toolchain.environment}


def target(project: Project) -> str:
    """Zephyr's name of the project's board.

    Raises BoardError when the project's board file was changed so that it names none.
    """
    zephyr = project.board.section(ZephyrSection)
    if zephyr is None:
        raise BoardError(
            f"{project.board.source} names no board of Zephyr.", hint="add zephyr to platforms"
        )
    return zephyr.board


def configure_command(project: Project, tree: ZephyrTree) -> list[str]:
    """CMake's command line. Raises ToolNotFoundError when no Python has what Zephyr's scripts
    import."""
    command = ["cmake", "-G", "Ninja", "-S", str(project.directory), "-B", str(project.build_dir)]
    command.append(f"-DBOARD={target(project)}")
    python = find_python()
    if python is not None:
        command.append(f"-DPython3_EXECUTABLE={python}")
    if not _west_lists_modules(tree) and "ZEPHYR_MODULES" not in os.environ:
        modules = ";".join(str(path) for path in present_modules(tree))
        command.append(f"-DZEPHYR_MODULES={modules}")
    return [*command, *project.options.of(ZephyrOptions).cmake_args]


def _west_lists_modules(tree: ZephyrTree) -> bool:
    return tree.workspace is not None and find_spec("west") is not None


def find_python() -> str | None:
    """The Python for Zephyr's scripts: this one, or None for the one that CMake finds."""
    missing = [name for name in PYTHON_PACKAGES if find_spec(name) is None]
    if not missing:
        return sys.executable
    other = shutil.which("python3")
    if other is not None:
        imports = f"import {', '.join(PYTHON_PACKAGES)}"
        done = subprocess.run([other, "-c", imports], capture_output=True, timeout=_SECONDS)
        if done.returncode == 0:
            return None
    raise ToolNotFoundError(
        "The scripts of Zephyr's build need Python packages that are not installed: "
        + ", ".join(PYTHON_PACKAGES[name] for name in missing)
        + ".",
        hint='pip install "microtvm-boards[zephyr]"',
    )


def forget_other_configuration(project: Project, tree: ZephyrTree) -> None:
    """A build directory belongs to one tree and one board: what was built of another is no use."""
    cache = cached(project)
    if not cache:
        return
    same_tree = Path(cache.get("ZEPHYR_BASE", "")) == tree.base
    if same_tree and cache.get("CACHED_BOARD", target(project)) == target(project):
        return
    for path in project.build_dir.iterdir():
        if path.name in _KEPT:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


NEEDED = (tools.CMAKE, tools.NINJA)
