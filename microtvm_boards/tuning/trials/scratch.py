"""A directory for the files of trials that are under way. What killed tunings left is removed."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "mtvm-tune-"
_LOCK = "lock"
_YOUNG = 60.0  # seconds; a younger one may not have its lock yet


@contextmanager
def scratch_directory() -> Iterator[Path]:
    _sweep(Path(tempfile.gettempdir()))
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX) as name,
        (Path(name) / _LOCK).open("w") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(name)


def _sweep(folder: Path) -> None:
    for path in folder.glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError), path.open() as lock:  # of another user, gone, or in use
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if time.time() - path.stat().st_mtime > _YOUNG:
                shutil.rmtree(path.parent, ignore_errors=True)
