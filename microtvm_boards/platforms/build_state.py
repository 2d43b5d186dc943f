"""How the last build ended, and the last good firmware: build/build.json and build/good/."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from microtvm_boards.errors import ProjectError
from microtvm_boards.project.project import Project

STATE = "build.json"
GOOD = "good"
FIRMWARE = "firmware.elf"
LOG = "build.log"


@dataclass(frozen=True)
class BuildState:
    """What build.json holds. It has no time stamp: equal builds leave equal states."""

    status: str  # "ok", "failed", or "unfinished" while a build runs and when it was interrupted
    seconds: float = 0.0
    firmware_sha256: str = ""  # of the last good firmware, when status is "ok"
    cause: str = ""  # the first error, when status is "failed"
    tools: Mapping[str, str] = field(default_factory=dict)  # program -> what it says of itself


def write_state(project: Project, state: BuildState) -> None:
    """Atomic: a reader meets the old state or the new one."""
    path = project.build_dir / STATE
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(asdict(state), indent=2, sort_keys=True) + "\n")
    temporary.replace(path)


def read_state(project: Project) -> BuildState | None:
    """None when the project was never built, or its state is not one of ours."""
    try:
        return BuildState(**json.loads((project.build_dir / STATE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def keep_good(project: Project, linked: Path) -> str:
    """Copies the `linked` firmware, and its map, to build/good; returns the firmware's SHA-256."""
    good = project.build_dir / GOOD
    good.mkdir(exist_ok=True)
    for source in (linked.with_suffix(".map"), linked):
        if source.is_file():
            temporary = good / f"{source.name}.tmp"
            shutil.copy2(source, temporary)
            temporary.replace(good / source.name)
    return sha256_of(linked)


def good_firmware(project: Project, linked: Path) -> Path:
    """The last good firmware; `linked`: where the linker puts it.

    Raises ProjectError when the project isn't built, when the last build failed or was
    interrupted, and when it has been linked anew without `microtvm-boards build`.
    """
    hint = f"microtvm-boards build {project.directory}"
    state = read_state(project)
    good = project.build_dir / GOOD / linked.name
    if state is None:
        raise ProjectError(f"The project {project.directory} is not built.", hint=hint)
    if state.status == "failed":
        raise ProjectError(
            f"The last build of {project.directory} failed: {state.cause}",
            hint=f"correct that, then {hint}",
            log=project.build_dir / LOG,
        )
    if state.status != "ok":
        raise ProjectError(f"The last build of {project.directory} didn't finish.", hint=hint)
    if not good.is_file() or sha256_of(good) != state.firmware_sha256:
        raise ProjectError(f"{good} is not what the last build made.", hint=hint)
    if linked.is_file() and sha256_of(linked) != state.firmware_sha256:
        raise ProjectError(f"{linked} was linked again by another command.", hint=hint)
    return good


def rotate_log(project: Project) -> Path:
    """An empty build.log; the one before stays as build.1.log."""
    log = project.build_dir / LOG
    if log.exists():
        log.replace(project.build_dir / "build.1.log")
    return log


def sha256_of(path: Path) -> str:
    """Of the file's contents, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
