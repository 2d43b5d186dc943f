"""Directories that TVM wants to find, made when they are first asked for.

They stay in the user's cache directory: TVM's workers and servers, which are killed rather than
ended, ask for them, too.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from microtvm_boards.resources import cache_directory


def directory_with(name: str, contents: Mapping[str, bytes]) -> Path:
    """The directory that holds these files by relative path, and nothing else."""
    digest = hashlib.sha256()
    for path, data in sorted(contents.items()):
        digest.update(f"{path}\0{len(data)}\0".encode() + data)
    try:
        base = cache_directory() / "templates"
        base.mkdir(parents=True, exist_ok=True)
        return _made(base / f"{name}-{digest.hexdigest()[:12]}", contents)
    except (OSError, RuntimeError):  # there is no home, or it can't be written
        return _made(_temporary() / name, contents)


def _made(directory: Path, contents: Mapping[str, bytes]) -> Path:
    """Whole or not at all: another process may make the same."""
    if directory.is_dir():
        return directory
    with tempfile.TemporaryDirectory(dir=directory.parent, prefix=".new-") as parent:
        new = Path(parent) / directory.name
        for name, data in contents.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        with contextlib.suppress(OSError):  # the other one was first
            new.rename(directory)
    return directory


_own: Path | None = None


def _temporary() -> Path:
    global _own
    if _own is None:
        _own = Path(tempfile.mkdtemp(prefix="microtvm-boards-"))
        atexit.register(_remove, _own, os.getpid())
    return _own


def _remove(directory: Path, owner: int) -> None:
    if os.getpid() == owner:  # a forked child's end must not take it from its parent
        shutil.rmtree(directory, ignore_errors=True)
