"""The reply to server_info_query: what TVM and tvmc learn about this template or project."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from microtvm_boards.boards import known_names
from microtvm_boards.platforms import PLATFORMS
from microtvm_boards.project.manifest import MANIFEST, MODEL_TAR
from microtvm_boards.project.options.declare import OptionSpec
from microtvm_boards.project.options.known import known_options
from microtvm_boards.project.options.presets import read_presets

PROTOCOL_VERSION = 1  # TVM's client wants exactly this
PLATFORM_NAME = "microtvm-boards"


def is_project(directory: Path) -> bool:
    """A directory with a manifest is a generated project, any other is a template."""
    return (directory / MANIFEST).is_file()


def server_info(directory: Path) -> dict[str, Any]:
    """The fields that TVM v0.8 to v0.18 read."""
    project = is_project(directory)
    presets = {} if project else read_presets(directory)
    return {
        "protocol_version": PROTOCOL_VERSION,
        "platform_name": PLATFORM_NAME,
        "is_template": not project,
        "model_library_format_path": str(directory / MODEL_TAR) if project else "",
        "project_options": [_option(spec, presets) for spec in known_options().specs.values()],
    }


def _option(spec: OptionSpec, presets: Mapping[str, Any]) -> dict[str, Any]:
    """One option, with every key that upstream's ProjectOption has (v0.11 to v0.18).

    TVM from 0.12 sends `default` back to every method when the user didn't set the option. tvmc
    refuses a value outside `choices`, so "board", which may also be a path, has none.
    """
    choices, text = spec.choices, spec.help
    required, optional = spec.required, spec.optional
    if spec.name in presets:
        required, optional = (), required + optional
    if spec.name == "board":
        text += f" Boards: {', '.join(known_names())}."
    elif spec.name == "platform":
        choices = tuple(PLATFORMS)
    return {
        "name": spec.name,
        "choices": None if choices is None else list(choices),
        "default": presets.get(spec.name, spec.told_default),
        "type": "str" if spec.kind == "list" else spec.kind,
        "required": list(required) or None,
        "optional": list(optional) or None,
        "help": text,
    }
