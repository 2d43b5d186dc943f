"""How large the main stack is made before anything is compiled, and what a build may make of it."""

from __future__ import annotations

from collections.abc import Iterator

from microtvm_boards.project.needs.margin import with_margin
from microtvm_boards.project.needs.need import MemoryNeed, NeedKind
from microtvm_boards.project.needs.preflight import align_up
from microtvm_boards.project.needs.stack_estimate import estimate_stack
from microtvm_boards.project.options.table import LEAST_STACK_BYTES
from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.operators import operators_stack_bytes
from microtvm_boards.project.plan.types import HOSTED_STACK, StackPlan

DEFAULT_STACK_BYTES = 4096  # where nothing says how much it takes
# A build makes the stack at most so much smaller than estimated: what `create` says stays true.
STACK_SPARE = 64


def decided_stack(draft: Draft) -> StackPlan | None:
    """None where the models decide."""
    options = draft.options
    if draft.target.native:
        return HOSTED_STACK  # the operating system's
    chosen = options.stack_size_bytes
    if chosen is not None:
        return StackPlan(align_up(chosen, 8))
    if draft.kernels_come:
        return StackPlan(align_up(operators_stack_bytes(draft.board), 8))
    if draft.crt is not None or options.runtime != "own":
        return StackPlan(DEFAULT_STACK_BYTES, DEFAULT_STACK_BYTES)
    return None


def estimated_stack(draft: Draft) -> StackPlan:
    """Without an operating system."""
    options = draft.options
    worst = estimate_stack(
        draft.modules_with_files,
        draft.board.cpu,
        platform=draft.platform,
        kind=options.kind,
        optimization=options.optimization,
        libm=bool(draft.libm),
    )
    if worst is None:
        return StackPlan(DEFAULT_STACK_BYTES, DEFAULT_STACK_BYTES)
    size = with_margin(worst)
    return StackPlan(size, max(LEAST_STACK_BYTES, size - STACK_SPARE), estimated=True)


def stack_needs(draft: Draft) -> Iterator[MemoryNeed]:
    stack = draft.stack
    what = "stack, estimated" if stack.estimated else "stack"
    ram = draft.memory_name("ram")
    yield MemoryNeed(ram, what, stack.size_bytes, NeedKind.STACK, stack.estimated)
