"""What a firmware takes whatever its model is."""

from __future__ import annotations

from collections.abc import Iterator

from microtvm_boards.project.needs.need import MemoryNeed, NeedKind
from microtvm_boards.project.needs.preflight import align_up
from microtvm_boards.project.plan.draft import Draft

# Static data of start-up code, port and libc beside the stack, by platform: measured with
# benchmarks/code_size.py, rounded up.
# The host's port has buffers of 64 KiB for standard input and output.
BASE_RAM = {"baremetal": 64, "stm32cube": 256, "host": 2 * 65536 + 1024}
BASE_RAM_ELSEWHERE = 256
ZEPHYR_SPARE = 64  # what a model adds to what was measured: libm's errno, workspace, alignment
LIBM_RAM = 104  # newlib's errno, where math.h is used


def base_needs(draft: Draft) -> Iterator[MemoryNeed]:
    ram, zephyr = draft.memory_name("ram"), draft.zephyr
    if zephyr is None:
        size = BASE_RAM.get(draft.platform, BASE_RAM_ELSEWHERE) + (LIBM_RAM if draft.libm else 0)
        yield MemoryNeed(ram, "runtime and libc", size, NeedKind.BASE)
        return
    size = align_up(zephyr.ram + ZEPHYR_SPARE, draft.alignment)
    what = f"Zephyr: kernel, drivers, libc{zephyr.source}"
    yield MemoryNeed(ram, what, size, NeedKind.BASE, zephyr.estimated)
