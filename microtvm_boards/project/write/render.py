"""Writes a plan into a directory: all of it or nothing, the same bytes every time."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from microtvm_boards import resources
from microtvm_boards.errors import ProjectError
from microtvm_boards.project.needs.preflight import align_up
from microtvm_boards.project.plan.draft import Plan
from microtvm_boards.project.plan.types import Origin, PlannedFile
from microtvm_boards.project.target import template_roots
from microtvm_boards.project.write.context import project_context
from microtvm_boards.project.write.manifest import manifest_of
from microtvm_boards.project.write.templates import c_bytes, render_source


def render(plan: Plan, directory: Path) -> None:
    """Writes the project into `directory`, which must not exist or be empty.

    Raises ProjectError when it isn't, or when it can't be written; then nothing is left behind.
    """
    directory = directory.expanduser().absolute()
    _refuse_used(directory)
    made = _missing_parents(directory)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    except OSError as error:
        _remove_empty(made)
        raise ProjectError(f"The project can't be written to {directory}: {error}.") from error
    contents = Contents(plan)
    try:
        for file in plan.files:
            target = scratch / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(contents.of(file))
        scratch.chmod(0o755)
        scratch.rename(directory)
    except BaseException as error:
        shutil.rmtree(scratch, ignore_errors=True)
        _remove_empty(made)
        if isinstance(error, OSError):
            raise ProjectError(f"The project can't be written to {directory}: {error}.") from error
        raise


def _refuse_used(directory: Path) -> None:
    if not directory.exists():
        return
    if not directory.is_dir() or any(directory.iterdir()):
        raise ProjectError(
            f"{directory} exists already.",
            hint=f"another name, or remove it first: rm -r {directory}",
        )


def _missing_parents(directory: Path) -> list[Path]:
    return [parent for parent in directory.parents if not parent.exists()]


def _remove_empty(directories: list[Path]) -> None:
    for directory in directories:  # innermost first
        if directory.is_dir():
            directory.rmdir()


class Contents:
    """The bytes of a plan's files. What all templates are filled with is made once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._roots = template_roots(plan.platform)

    @cached_property
    def _context(self) -> Mapping[str, Any]:
        return project_context(self.plan)

    def _template_file(self, source: str) -> Path:
        for root in self._roots:
            if (root / source).is_file():
                return root / source
        looked = [f"looked for in {root}" for root in self._roots]
        raise ProjectError(f"The template has no file {source}.", details=looked)

    def of(self, file: PlannedFile) -> bytes:
        plan, attachments = self.plan, self.plan.attachments
        if file.origin is Origin.COPY:
            return self._template_file(file.source).read_bytes()
        if file.origin is Origin.MODEL:
            return plan.libraries[file.library].model.files[file.source]
        if file.origin is Origin.LIBRARY:
            return plan.libraries[file.library].model.path.read_bytes()
        if file.origin is Origin.CRT:
            return attachments.crt[file.source]
        if file.origin is Origin.CMSIS:
            return attachments.cmsis[file.source]
        if file.origin is Origin.EXTRA:
            return attachments.extra[file.source]
        if file.origin is Origin.BYTES:
            return file.data
        if file.origin is Origin.DATA:
            return _DATA[file.source](plan)
        module = None if file.module is None else plan.modules[file.module]
        return render_source(file.source, {**self._context, "m": module}, self._roots)


def _samples_c(plan: Plan) -> bytes:
    """The samples as constants, each row laid out as c_harness.c lays out its inputs."""
    samples = plan.attachments.samples
    rows = []
    for row in samples.rows if samples else ():
        padded = b"".join(c.ljust(align_up(len(c), plan.alignment), b"\0") for c in row)
        rows.append("  {\n" + c_bytes(padded) + "\n  },\n")
    return (
        "/* Option sample_inputs. */\n"
        '#include "mtvm_samples.h"\n\n'
        "const uint8_t mtvm_samples[MTVM_SAMPLE_COUNT][MTVM_SAMPLE_BYTES] = {\n"
        + "".join(rows)
        + "};\n"
    ).encode()


_DATA: Mapping[str, Callable[[Plan], bytes]] = {
    "manifest": lambda plan: manifest_of(plan).dumps(),
    "board_file": lambda plan: plan.board.document.encode() or plan.board.source.read_bytes(),
    "pointer": lambda plan: f"{resources.import_root()}\n".encode(),
    "api_server": lambda plan: resources.api_server_script().read_bytes(),
    "samples_c": _samples_c,
}
