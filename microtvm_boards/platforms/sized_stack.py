"""Sizes the one stack that bare metal has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from microtvm_boards.firmware.bare_metal_stack import Roots, firmware_stack
from microtvm_boards.firmware.stack_use import StackUse, read_stack
from microtvm_boards.platforms.build_state import sha256_of
from microtvm_boards.platforms.cmake import build_command, cached
from microtvm_boards.platforms.logged_build import Build
from microtvm_boards.project.needs.margin import with_margin
from microtvm_boards.project.project import Project

SETTING = "MTVM_STACK_BYTES"  # of CMake


def size_stack(project: Project, build: Build, linked: Path, roots: Roots) -> StackUse | None:
    """Measures the firmware at `linked`; links it again where another stack suits it better.

    A stack that isn't the build's to size stays as it is. None for projects without a stack of
    ours.
    """
    if project.manifest.stack_bytes == 0 or not linked.is_file():
        return None
    known = read_stack(project, sha256_of(linked))
    if known is not None:
        return known
    settings = cached(project)
    objdump = settings.get("CMAKE_OBJDUMP") or "arm-none-eabi-objdump"
    use = firmware_stack(project, linked, roots, objdump)
    if project.manifest.stack_least_bytes is None:
        return use
    wanted = project.manifest.stack_bytes
    if use.static_bytes is not None:
        wanted = max(with_margin(use.static_bytes), project.manifest.stack_least_bytes)
    if settings.get(SETTING) != str(wanted):
        build.run(["cmake", f"-D{SETTING}={wanted}", str(project.build_dir)])
        build.run(build_command(project))
    return replace(use, reserved_bytes=wanted)
