"""Which files a project has, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from microtvm_boards.project.inputs.accelerators import FOLDER as CMSIS
from microtvm_boards.project.manifest import BOARD_FILE, MANIFEST
from microtvm_boards.project.plan.parts.app import app_files
from microtvm_boards.project.plan.parts.model import model_files
from microtvm_boards.project.plan.parts.port import port_files
from microtvm_boards.project.plan.parts.project import (
    API_SERVER,
    GITIGNORE,
    POINTER,
    project_files,
)
from microtvm_boards.project.plan.parts.rpc import rpc_files
from microtvm_boards.project.plan.parts.runtime import runtime_files
from microtvm_boards.project.plan.types import Origin, Plan, PlannedFile


def planned_files(plan: Plan) -> Plan:
    """`plan` with its files filled in, sorted by path."""
    files = [
        *project_files(plan),
        *model_files(plan),
        *runtime_files(plan),
        *app_files(plan),
        *rpc_files(plan),
        *port_files(plan),
        *_attached(plan),
    ]
    return replace(plan, files=tuple(sorted(files, key=lambda f: f.path)))


def trial_files(plan: Plan) -> Plan:
    """`plan` as a trial of tuning: the kernel's code, and what says where its firmware is."""
    kept = {MANIFEST, BOARD_FILE, POINTER, API_SERVER, GITIGNORE}
    kept |= {library.tar for library in plan.libraries}
    files = [f for f in plan.files if f.path in kept or f.path.startswith("model/")]
    return replace(plan, files=tuple(files), trial=True)


def _attached(plan: Plan) -> Iterator[PlannedFile]:
    for name in plan.attachments.cmsis:
        reason = "the model's kernels need it (option cmsis_path)"
        yield PlannedFile(f"{CMSIS}/{name}", Origin.CMSIS, name, reason)
    for name in plan.attachments.extra:
        yield PlannedFile(f"extra/{name}", Origin.EXTRA, name, "option extra_files_tar")
