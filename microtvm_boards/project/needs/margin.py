"""How much more than its worst case a stack gets."""

from __future__ import annotations

from microtvm_boards.project.needs.preflight import align_up


def with_margin(worst: int, *, around: int = 0, least: int = 256, step: int = 32) -> int:
    """Bytes to reserve for a worst case of `worst`: an eighth more, and `around` for what isn't
    ours; a multiple of `step`, so that small changes of a kernel change nothing."""
    return max(least, align_up(worst + worst // 8 + around, step))
