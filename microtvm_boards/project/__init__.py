"""What goes into a project (`plan`) and writing it (`render`); `create` does both.

Names are looked up when they are used, so that the API server starts without jinja2 and yaml.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from microtvm_boards.project.generate import create
    from microtvm_boards.project.manifest import ProjectModel
    from microtvm_boards.project.options.parse import parse_options
    from microtvm_boards.project.options.table import ProjectOptions
    from microtvm_boards.project.project import Project

__all__ = ["Project", "ProjectModel", "ProjectOptions", "create", "parse_options"]

_MODULES = {
    "Project": "project",
    "ProjectModel": "manifest",
    "ProjectOptions": "options.table",
    "create": "generate",
    "parse_options": "options.parse",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
