"""How large the main stack is made before anything is compiled, and what a build may make of it."""

from __future__ import annotations

from collections.abc import Iterator

from microtvm_boards.project.needs.margin import with_margin
from microtvm_boards.project.needs.need import MemoryNeed, NeedKind
from microtvm_boards.project.needs.preflight import align_up
from microtvm_boards.project.needs.stack_estimate import estimate_stack
from microtvm_boards.project.needs.zephyr_memories import main_stack_bytes
from microtvm_boards.project.needs.zephyr_size import zephyr_cpu
from microtvm_boards.project.options.table import LEAST_STACK_BYTES
from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.operators import operators_stack_bytes
from microtvm_boards.project.plan.types import HOSTED_STACK, StackPlan

DEFAULT_STACK_BYTES = 4096  # where nothing says how much it takes
# A build makes the stack at most so much smaller than estimated: what `create` says stays true.
STACK_SPARE = 64


def plan_stack(draft: Draft) -> StackPlan:
    board, options, zephyr = draft.board, draft.options, draft.zephyr
    if board.hosted:
        return HOSTED_STACK  # the operating system's
    chosen = options.stack_size_bytes
    if chosen is not None:
        return StackPlan(align_up(chosen, 8))
    if draft.kernels_come:
        return StackPlan(align_up(operators_stack_bytes(board), 8))
    if draft.crt is not None or options.runtime != "own":
        return StackPlan(DEFAULT_STACK_BYTES, DEFAULT_STACK_BYTES)
    target = board.zephyr if zephyr is not None else None
    worst = estimate_stack(
        draft.modules_with_files,
        board.cpu if target is None else zephyr_cpu(target),
        platform=draft.platform if target is None else "baremetal",
        kind=options.kind,
        optimization=options.optimization,
        libm=bool(draft.libm),
    )
    if zephyr is not None:
        models = [library.model for library in draft.libraries]
        return StackPlan(align_up(main_stack_bytes(zephyr, worst, models), 8), estimated=True)
    if worst is None:
        return StackPlan(DEFAULT_STACK_BYTES, DEFAULT_STACK_BYTES)
    size = with_margin(worst)
    return StackPlan(size, max(LEAST_STACK_BYTES, size - STACK_SPARE), estimated=True)


def stack_needs(draft: Draft) -> Iterator[MemoryNeed]:
    stack = draft.stack
    what = "stack, estimated" if stack.estimated else "stack"
    ram = draft.memory_name("ram")
    yield MemoryNeed(ram, what, stack.size_bytes, NeedKind.STACK, stack.estimated)
