"""Manifests of projects that no `create` made."""

from __future__ import annotations

from typing import Any

from microtvm_boards.project.manifest import FORMAT, LibraryIdentity, Manifest, ToolVersion
from microtvm_boards.project.options.table import ProjectOptions


def manifest(platform: str = "host", entrypoint: str = "c", **fields: Any) -> Manifest:
    """Without models, unless `fields` bring some."""
    nothing: dict[str, Any] = {
        "format": FORMAT,
        "tool": ToolVersion("microtvm-boards", "test"),
        "model_library_format": LibraryIdentity(64 * "0", 7, None),
        "board": "host",
        "app": "harness",
        "options": ProjectOptions(),
        "models": (),
        "alignment": 16,
        "arena_bytes": 0,
        "stack_bytes": 0,
        "sample_count": 0,
        "memory": (),
        "warnings": (),
        "files": {},
    }
    return Manifest(platform=platform, entrypoint=entrypoint, **{**nothing, **fields})
