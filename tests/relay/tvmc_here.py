"""tvmc in this process, where TVM is imported already; as `microtvm-boards tvmc` runs it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

Line = Sequence[str | Path]


def tvmc(*lines: Line) -> None:
    """Runs command lines, each of which has to succeed."""
    for line in lines:
        assert exit_code(line) == 0, line


def exit_code(line: Line) -> int:
    from microtvm_boards.relay.setup.tvmc import run_tvmc

    before = list(sys.argv)
    try:
        return run_tvmc(list(map(str, line)))
    finally:
        sys.argv[:] = before
