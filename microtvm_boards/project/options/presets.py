"""Options that a template directory sets before its user does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from microtvm_boards.errors import ProjectError

PRESETS = "template.json"  # {"options": {name: value}}; a template without one sets nothing


def read_presets(directory: Path) -> dict[str, Any]:
    """Raises ProjectError when the file is there and can't be read."""
    path = directory / PRESETS
    if not path.is_file():
        return {}
    try:
        options = json.loads(path.read_text("utf-8"))["options"]
        return dict(options)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProjectError(
            f"{path} is damaged: {error!r}.",
            hint="delete its directory: it is made again when it is asked for",
        ) from error


def with_presets(directory: Path, options: Mapping[str, Any]) -> dict[str, Any]:
    """`options` with those of the template in `directory` where they say nothing."""
    given = {name: value for name, value in options.items() if value not in (None, "")}
    return {**options, **read_presets(directory), **given}
