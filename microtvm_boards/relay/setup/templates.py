"""Our template under the names that user code asks TVM for: `get_microtvm_template_projects`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from microtvm_boards.plugins import PLATFORMS
from microtvm_boards.project.options.presets import PRESETS
from microtvm_boards.project.plan.parts.project import POINTER
from microtvm_boards.relay.setup.made_once import directory_with
from microtvm_boards.resources import api_server_script, import_root, template_dir

# By TVM's name of the template: what it sets. "crt" is upstream's for programs on this computer.
# Other names are those of platforms.
_PRESETS: Mapping[str, Mapping[str, str]] = {"crt": {"board": "host"}, "host": {"board": "host"}}

# Set where `microtvm-boards rpc-server` runs.
SERVES = "MICROTVM_BOARDS_RPC_SERVER"

_NOTE = """\
/* Placeholder for {name}: the TVM that exported this model was built without its
   microTVM template projects (USE_MICRO=OFF). */
"""
# What export_model_library_format copies from the "crt" template project (v0.12 to v0.18).
_COPIED = ("crt_config.h.template", "platform.c.template")


def use_templates(micro: Any) -> None:
    """Gives `tvm.micro`, once it has run, our template wherever its TVM has none of that name."""
    find = micro.build.get_microtvm_template_projects
    if find.__module__ == __name__:
        return
    not_found = micro.build.MicroTVMTemplateProjectNotFoundError

    def get_microtvm_template_projects(platform: str) -> str:
        try:
            found: str = find(platform)
        except (ValueError, not_found):
            if not _is_name(platform):
                raise
        else:
            if Path(found).is_dir() or not _is_name(platform):
                return found
        return str(own_template(platform))

    # Both import it by name.
    users: tuple[Any, ...] = (micro.build, micro, micro.model_library_format)
    for module in users:
        module.get_microtvm_template_projects = get_microtvm_template_projects


def own_template(platform: str) -> Path:
    """A template directory of ours that sets what the name `platform` means."""
    return directory_with(platform, _contents(platform))


def is_own_template(directory: str | Path) -> bool:
    """Whether our API server is in it, whichever installation of ours it is of. For a server of
    ours: or whether there is nothing, since the client may be another computer."""
    if os.environ.get(SERVES) and not Path(directory).exists():
        return True
    script = Path(directory) / api_server_script().name
    try:
        return script.read_bytes() == api_server_script().read_bytes()
    except OSError:
        return False


def _is_name(template: str) -> bool:
    return template in _PRESETS or template in PLATFORMS


def _contents(platform: str) -> dict[str, bytes]:
    preset = _PRESETS.get(platform, {"platform": platform})
    contents = {
        api_server_script().name: api_server_script().read_bytes(),
        "boards.json": (template_dir() / "boards.json").read_bytes(),
        POINTER: str(import_root()).encode(),
        PRESETS: json.dumps({"options": dict(preset)}).encode(),
    }
    if platform == "crt":
        for name in _COPIED:
            note = _NOTE.format(name=name.removesuffix(".template"))
            contents[f"templates/{name}"] = note.encode()
    return contents
