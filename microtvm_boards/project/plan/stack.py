"""How large the main stack is made before anything is compiled, and what a build may make of it."""

from __future__ import annotations

from microtvm_boards.boards import Board
from microtvm_boards.errors import UsageError
from microtvm_boards.project.inputs.libraries import Library
from microtvm_boards.project.needs.margin import with_margin
from microtvm_boards.project.needs.preflight import align_up
from microtvm_boards.project.needs.stack_estimate import estimate_stack
from microtvm_boards.project.needs.zephyr_memories import main_stack_bytes
from microtvm_boards.project.needs.zephyr_size import ZephyrBase, zephyr_cpu
from microtvm_boards.project.options.parse import ProjectOptions
from microtvm_boards.project.plan.operators import operators_stack_bytes
from microtvm_boards.project.plan.types import CrtServer, ModulePlan, StackPlan

DEFAULT_STACK_BYTES = 4096  # where nothing says how much it takes
LEAST_STACK_BYTES = 256
# A build makes the stack at most so much smaller than estimated: what `create` says stays true.
STACK_SPARE = 64


def plan_stack(
    board: Board,
    platform: str,
    options: ProjectOptions,
    all_libraries: tuple[Library, ...],
    modules: tuple[ModulePlan, ...],
    zephyr: ZephyrBase | None,
    *,
    libm: bool,
    crt: CrtServer | None,
    kernels_come: bool,
) -> StackPlan:
    """`kernels_come`: from the host, later, so that no build knows what they need."""
    if board.hosted:
        return StackPlan(0)  # the operating system's
    chosen = options.stack_size_bytes
    if chosen is not None and chosen < LEAST_STACK_BYTES:
        raise UsageError(
            f"stack_size_bytes is {chosen}; start-up code alone needs {LEAST_STACK_BYTES}.",
            hint="leave it out: then the build sizes the stack",
        )
    if chosen is not None:
        return StackPlan(align_up(chosen, 8))
    if kernels_come:
        return StackPlan(align_up(operators_stack_bytes(board), 8))
    if crt is not None or options.runtime != "own":
        return StackPlan(DEFAULT_STACK_BYTES, DEFAULT_STACK_BYTES)
    target = board.zephyr if zephyr is not None else None
    worst = estimate_stack(
        [(m, all_libraries[m.library].model.files) for m in modules],
        board.cpu if target is None else zephyr_cpu(target),
        platform=platform if target is None else "baremetal",
        kind=options.kind,
        optimization=options.optimization,
        libm=libm,
    )
    if zephyr is not None:
        models = [library.model for library in all_libraries]
        return StackPlan(align_up(main_stack_bytes(zephyr, worst, models), 8), estimated=True)
    if worst is None:
        return StackPlan(DEFAULT_STACK_BYTES, DEFAULT_STACK_BYTES)
    size = with_margin(worst)
    return StackPlan(size, max(LEAST_STACK_BYTES, size - STACK_SPARE), estimated=True)
