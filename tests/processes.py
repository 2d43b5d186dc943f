"""Which processes there are; from /proc."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.conftest import PATIENCE


def descendants(pid: int) -> set[int]:
    """The processes below `pid`, zombies too."""
    children: dict[int, set[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text()
        except OSError:
            continue
        parent = int(text[text.rindex(")") + 1 :].split()[1])
        children.setdefault(parent, set()).add(int(path.parent.name))
    found: set[int] = set()
    left = [pid]
    while left:
        new = children.get(left.pop(), set()) - found
        found |= new
        left += new
    return found


def alive(pids: set[int]) -> set[int]:
    """Those of `pids` that run; a zombie that nobody reaps doesn't."""
    running = set()
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue
        if text[text.rindex(")") + 1 :].split()[0] not in "ZX":
            running.add(pid)
    return running


def alive_after(pids: set[int], seconds: float = PATIENCE) -> set[int]:
    """Those of `pids` that still run after at most `seconds`."""
    deadline = time.monotonic() + seconds
    while (left := alive(pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def my_descendants() -> set[int]:
    return descendants(os.getpid())
