"""Which files a project has, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from microtvm_boards.project.inputs.accelerators import FOLDER as CMSIS
from microtvm_boards.project.manifest import BOARD_FILE, MANIFEST
from microtvm_boards.project.plan.draft import Draft, Plan
from microtvm_boards.project.plan.parts.app import app_files
from microtvm_boards.project.plan.parts.model import model_files
from microtvm_boards.project.plan.parts.project import (
    API_SERVER,
    GITIGNORE,
    POINTER,
    project_files,
)
from microtvm_boards.project.plan.parts.rpc import rpc_files
from microtvm_boards.project.plan.parts.runtime import runtime_files
from microtvm_boards.project.plan.types import Origin, PlannedFile


def planned_files(draft: Draft, of_platform: Iterable[PlannedFile]) -> tuple[PlannedFile, ...]:
    """Sorted by path."""
    files = [
        *project_files(draft),
        *model_files(draft),
        *runtime_files(draft),
        *app_files(draft),
        *rpc_files(draft),
        *of_platform,
        *_attached(draft),
    ]
    return tuple(sorted(files, key=lambda f: f.path))


def trial_files(plan: Plan) -> Plan:
    """`plan` as a trial of tuning: the kernel's code, and what says where its firmware is."""
    kept = {MANIFEST, BOARD_FILE, POINTER, API_SERVER, GITIGNORE}
    kept |= {library.tar for library in plan.libraries}
    files = [f for f in plan.files if f.path in kept or f.path.startswith("model/")]
    return replace(plan, files=tuple(files), trial=True)


def _attached(draft: Draft) -> Iterator[PlannedFile]:
    for name in draft.attachments.cmsis:
        reason = "the model's kernels need it (option cmsis_path)"
        yield PlannedFile(f"{CMSIS}/{name}", Origin.CMSIS, name, reason)
    for name in draft.attachments.extra:
        yield PlannedFile(f"extra/{name}", Origin.EXTRA, name, "option extra_files_tar")
