"""Keeps what TVM's libraries print to stderr away from the terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

_STDERR = 2


@contextlib.contextmanager
def captured_stderr() -> Iterator[list[str]]:
    """Gives the lines of all that is written to file descriptor 2 inside, once it is left.

    TVM logs there from C++, and LLVM says that it ignores each -mcpu of another architecture.
    """
    lines: list[str] = []
    try:
        saved = os.dup(_STDERR)
    except OSError:  # closed: nobody would see it
        yield lines
        return
    with tempfile.TemporaryFile() as file:
        _flush()
        os.dup2(file.fileno(), _STDERR)
        try:
            yield lines
        finally:
            _flush()
            os.dup2(saved, _STDERR)
            os.close(saved)
            file.seek(0)
            lines += file.read().decode(errors="replace").splitlines()


def _flush() -> None:
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
