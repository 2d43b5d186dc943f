"""Compilers by name: ours, and those of other packages (entry points microtvm_boards.compilers)."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from microtvm_boards.compile.compiler import Compiler
from microtvm_boards.errors import UsageError, nearest

GROUP = "microtvm_boards.compilers"
# Loaded when it is asked for: a compiler may take seconds to import.
_OURS = (EntryPoint("relay", "microtvm_boards.relay.compiler:RelayCompiler", GROUP),)


def compiler_named(name: str) -> Compiler:
    """Raises UsageError when there is none of that name."""
    known = {entry.name: entry for entry in (*entry_points(group=GROUP), *_OURS)}
    if name not in known:
        raise UsageError(
            f'There is no compiler "{name}".{nearest(name, known)}',
            hint=f"there are {', '.join(sorted(known))}",
        )
    made: Compiler = known[name].load()()
    return made
