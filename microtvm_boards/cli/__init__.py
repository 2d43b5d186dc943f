"""The command line: arguments, progress, tables, exit codes. Nothing here knows how work is done.

One module a command group; app.py lists them and loads the one that is asked for.
"""

from __future__ import annotations

import sys


def main() -> int:
    """The console script `microtvm-boards`: runs sys.argv and returns the exit code."""
    from microtvm_boards.cli.app import end_cleanly_on_signals, run

    end_cleanly_on_signals()
    return run(sys.argv[1:])
