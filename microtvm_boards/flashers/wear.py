"""How often each board's flash was written: flash wears out, and autotuning writes it a lot."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

USUAL_ENDURANCE = 10_000  # writes that data sheets of STM32 promise for each page


def wear_file() -> Path:
    """In the user's state directory (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_STATE_HOME", "")
    state = Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "state"
    return state / "microtvm-boards" / "flash-wear.json"


def read_wear() -> dict[str, int]:
    """Writes by probe or board; empty when none was counted or the file is damaged."""
    try:
        found = json.loads(wear_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, int) and not isinstance(v, bool)}


def count_write(key: str) -> None:
    """One more write for `key`. Never fails: a lost count is no reason not to flash."""
    path = wear_file()
    with contextlib.suppress(OSError), _locked(path):
        counts = read_wear()
        counts[key] = counts.get(key, 0) + 1
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps(counts, indent=2, sort_keys=True) + "\n", "utf-8")
        temporary.replace(path)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two boards may be flashed at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
