"""The option `pools`: which buffer lies in which memory, as users write it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from microtvm_boards.errors import UsageError

PREFIX = "pool."
_PAIR = re.compile(r"([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)[:=]([A-Za-z0-9_]+)")


def pool_settings(raw: Iterable[str]) -> tuple[str, ...]:
    """Pairs POOL:MEMORY or MODEL.POOL:MEMORY, each once; several may share a text, with commas.

    Raises UsageError for anything else, and for a pool that is sent to two memories.
    """
    found: dict[str, str] = {}
    for text in (part for item in raw for part in item.split(",") if part):
        match = _PAIR.fullmatch(text)
        if match is None:
            raise UsageError(
                f'Option "pools" takes POOL:MEMORY; found "{text}".',
                hint="pools=fast_memory:DTCM,arena:SRAM2, or -o pool.fast_memory=DTCM",
            )
        if found.setdefault(match[1], match[2]) != match[2]:
            raise UsageError(
                f'Pool "{match[1]}" was sent to both {found[match[1]]} and {match[2]}.',
                hint="name one memory",
            )
    return tuple(f"{pool}:{memory}" for pool, memory in found.items())


def gather_pools(raw: Mapping[str, object]) -> dict[str, object]:
    """`raw` with every pool.NAME=MEMORY as one more item of `pools`.

    Raises UsageError for a memory that is no text.
    """
    rest = {name: value for name, value in raw.items() if not name.startswith(PREFIX)}
    pairs = []
    for name, memory in raw.items():
        if name.startswith(PREFIX) and memory is not None:
            if not isinstance(memory, str):
                raise UsageError(f'Option "{name}" takes the name of a memory; found {memory!r}.')
            pairs.append(f"{name.removeprefix(PREFIX)}:{memory}")
    if pairs:
        given = rest.get("pools") or ()
        rest["pools"] = [*(given.split() if isinstance(given, str) else _texts(given)), *pairs]
    return rest


def _texts(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
