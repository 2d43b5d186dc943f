"""What a firmware takes whatever its model is."""

from __future__ import annotations

from microtvm_boards.project.needs.need import MemoryNeed, NeedKind
from microtvm_boards.project.plan.draft import Draft

LIBM_RAM = 104  # newlib's errno, where math.h is used


def base_need(draft: Draft, static_bytes: int) -> MemoryNeed:
    """`static_bytes`: of start-up code, port and libc beside the stack."""
    size = static_bytes + (LIBM_RAM if draft.libm else 0)
    return MemoryNeed(draft.memory_name("ram"), "runtime and libc", size, NeedKind.BASE)
