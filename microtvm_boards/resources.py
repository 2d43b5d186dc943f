"""Where the files lie that the package carries: template_project/, board_configs/, the server.

In a checkout they are beside the package; in an installed wheel they are under
microtvm_boards/_data/ (see pyproject.toml, force-include).
"""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def template_dir() -> Path:
    """The directory that `tvmc ... template --template-dir` takes."""
    data = _PACKAGE / "_data"
    return data if data.is_dir() else _PACKAGE.parent


def template_project() -> Path:
    return template_dir() / "template_project"


def board_configs() -> Path:
    return template_dir() / "board_configs"


def api_server_script() -> Path:
    return template_dir() / "microtvm_api_server.py"


def import_root() -> Path:
    """The directory that has to be on sys.path for `import microtvm_boards`."""
    return _PACKAGE.parent


def cache_directory() -> Path:
    """In the user's cache directory (XDG Base Directory Specification); it need not exist."""
    return _of_user("XDG_CACHE_HOME", ".cache")


def config_directory() -> Path:
    """Likewise for what the user has set up."""
    return _of_user("XDG_CONFIG_HOME", ".config")


def _of_user(variable: str, usual: str) -> Path:
    base = os.environ.get(variable, "")
    folder = Path(base) if Path(base).is_absolute() else Path.home() / usual
    return folder / "microtvm-boards"
