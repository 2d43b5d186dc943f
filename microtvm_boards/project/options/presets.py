"""Options that a template directory sets before its user does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from microtvm_boards.errors import ProjectError
from microtvm_boards.project.options.resolve import Layer, Origin

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


def preset_layer(directory: Path) -> Layer:
    """What the template in `directory` sets. Raises as `read_presets`."""
    return Layer(Origin("preset", str(directory / PRESETS)), read_presets(directory))
