"""Planned files in one word each, and tables of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from microtvm_boards.project.plan.types import Origin, PlannedFile

TEMPLATE = ".j2"


def copied(source: str, reason: str, path: str | None = None) -> PlannedFile:
    return PlannedFile(path or source, Origin.COPY, source, reason)


def rendered(source: str, path: str, reason: str, module: int | None = None) -> PlannedFile:
    return PlannedFile(path, Origin.RENDER, source, reason, module)


def made(path: str, source: str, reason: str) -> PlannedFile:
    return PlannedFile(path, Origin.DATA, source, reason)


def of_bytes(path: str, data: bytes, reason: str) -> PlannedFile:
    return PlannedFile(path, Origin.BYTES, "", reason, data=data)


def from_folder(folder: str, names: Iterable[str], reason: str) -> Iterator[PlannedFile]:
    """Files of template_project/`folder`, at the same place in the project; templates without
    their suffix."""
    for name in names:
        source = f"{folder}/{name}"
        if name.endswith(TEMPLATE):
            yield rendered(source, source.removesuffix(TEMPLATE), reason)
        else:
            yield copied(source, reason)
