"""Memory on Zephyr: the main thread's stack, and regions that pools go to."""

from __future__ import annotations

from collections.abc import Iterable

from microtvm_boards.boards import Board
from microtvm_boards.mlf.c.features import function_features
from microtvm_boards.mlf.c.text import decode
from microtvm_boards.model import Model
from microtvm_boards.platforms.zephyr.board.devicetree import REGION, region_name
from microtvm_boards.platforms.zephyr.board.section import ZephyrSection
from microtvm_boards.platforms.zephyr.size import ZephyrBase
from microtvm_boards.project.needs.margin import with_margin
from microtvm_boards.project.plan.types import Buffer

# What Zephyr reserves by default: drivers are initialized on the same stack, before main().
LEAST = 1024
# Zephyr's frames around main(), and the registers that an interrupt stacks (with FPU 104 bytes on
# Cortex-M); interrupts themselves have a stack of their own.
AROUND = 64 + 128
STEP = 128  # small changes of a kernel don't change the configuration
HOSTED = 4096
PORT = 32


def stack_size(bound: int) -> int:
    """Bytes to reserve for a worst case of `bound` from main() on."""
    return with_margin(bound, around=AROUND, least=LEAST, step=STEP)


def main_stack_bytes(base: ZephyrBase, estimate: int | None, models: Iterable[Model]) -> int:
    """What the build is likely to reserve for the main thread.

    `estimate`: of stack_estimate for bare metal, interrupts included, which Zephyr runs on another
    stack; its port goes deeper. Without one our own code is measured, and kernels have their arrays
    on top of it.
    """
    if base.hosted:
        return HOSTED  # nobody uses it: threads have stacks of this computer's
    if estimate is not None:
        return stack_size(max(base.stack, estimate + PORT))
    most = 0
    for model in models:
        for source in {s for m in model.modules for s in m.sources if not s.endswith(".o")}:
            functions = function_features(decode(model.files[source]))
            most = max(most, *(function.array_bytes for function in functions), 0)
    return stack_size(base.stack + most)


def memory_overlay(board: Board, buffers: Iterable[Buffer]) -> str:
    """Devicetree overlay that makes a region of the linker of every memory that has buffers and
    isn't one yet; "" where there is none."""
    used = {buffer.memory for buffer in buffers if buffer.section}
    zephyr = board.section(ZephyrSection)
    plain = zephyr.plain_memories if zephyr is not None else ()
    nodes = [label for label in plain if region_name(label) in used]
    if not nodes:
        return ""
    text = "/* Option pools: the linker gets a region for memory that buffers lie in. */\n"
    for label in nodes:
        text += f"&{label} {{\n"
        text += f'\tcompatible = "{REGION}", "mmio-sram";\n'
        text += f'\t{REGION} = "{region_name(label)}";\n}};\n\n'
    return text
