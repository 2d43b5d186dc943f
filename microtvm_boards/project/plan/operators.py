"""Firmware of single operators, which autotuning exports: kernels that Python calls, no model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from microtvm_boards.boards import Board
from microtvm_boards.errors import ModelError, UsageError
from microtvm_boards.model import Style
from microtvm_boards.project.manifest import RpcSettings
from microtvm_boards.project.needs.need import MemoryNeed, NeedKind
from microtvm_boards.project.needs.preflight import align_up
from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.rpc import (
    HEAP_SPARE,
    block_bytes,
    packet_bytes,
    refuse_missing_irq,
    ring_bytes,
)
from microtvm_boards.project.plan.types import BufferKind

HEAP_BYTES_HOST = 64 << 20
# A tuned kernel may keep arrays of 1 KiB each on the stack (v0.16, target attribute
# max_stack_alloca of codegen_c): a sixteenth of the RAM, within these bounds.
STACK = (4096, 16384)


def holds_operators(draft: Draft) -> bool:
    """Whether the project is one of single operators.

    Raises ModelError where they come together with models or lack their function registry,
    UsageError for options that only a model has.
    """
    found = [b for b in draft.libraries if b.model.style is Style.OPERATOR]
    if not found:
        return False
    path = found[0].model.path
    if len(draft.libraries) > 1:
        raise ModelError(
            f"{path} holds single operators (style 'operator', what autotuning exports), not a "
            "model to run beside others.",
            hint="a project of its own, without more_models",
        )
    for name, wrong in (
        ("model_entrypoint_api", "c"),
        ("runtime", "standalone_crt"),
    ):
        if getattr(draft.options, name) == wrong:
            raise UsageError(
                f"{path} holds single operators (style 'operator', what autotuning exports), not a "
                f"model to run: only Python can call them, so {name} can't be {wrong}.",
                hint=f"leave {name} out; or export the result of relay.build, or tvmc compile "
                "--output-format mlf",
            )
    if not found[0].model.system_lib:
        raise ModelError(
            f"{path} has no function registry, through which Python finds its operators.",
            hint="build it with runtime=Runtime('crt', {'system-lib': True})",
        )
    return True


def operators_stack_bytes(board: Board) -> int:
    """The stack, unless an option says otherwise."""
    ram = board.memory_for("ram")
    if ram is None:
        return STACK[0]
    return min(_within(ram.size // 16, STACK), ram.size // 4)


def plan_operators_rpc(draft: Draft) -> RpcSettings:
    """Sizes of all buffers; of the tensor heap, what one call of the largest operator takes, unless
    an option says more: `take_what_is_left` gives it the rest.

    Raises BoardError for a board that lacks what an interrupt-driven UART needs, UsageError for
    buffers that are too small for anything.
    """
    model, board, alignment = draft.model, draft.board, draft.alignment
    refuse_missing_irq(board)
    operators = [o for module in model.modules for o in module.operators]
    most_dimensions = max((len(t.shape or ()) for o in operators for t in o.tensors), default=0)
    packet = packet_bytes(
        [o.name for o in operators], most_dimensions, draft, whose="these operators"
    )
    tensors = [[t.size_bytes for t in o.tensors] for o in operators]
    blocks = max((sum(block_bytes(s, alignment) for s in sizes) for sizes in tensors), default=0)
    workspace = max((module.kernel_workspace_bytes for module in model.modules), default=0)
    least = blocks + align_up(workspace, alignment) + HEAP_SPARE
    heap = draft.options.tensor_heap_bytes
    if heap is None:
        heap = max(least, HEAP_BYTES_HOST) if draft.target.native else least
    return RpcSettings(
        packet_bytes=packet,
        tensor_heap_bytes=align_up(heap, alignment),
        ring_bytes=ring_bytes(packet, draft),
        codec="classic",
    )


def take_what_is_left(rpc: RpcSettings, draft: Draft) -> RpcSettings:
    """`rpc` with the tensor heap as large as its memory has room: kernels of other shapes come.
    The draft has buffers and needs with the heap of `rpc`."""
    alignment = draft.alignment
    name = next(b.memory for b in draft.buffers if b.kind is BufferKind.TENSOR_HEAP)
    memory = next((m for m in draft.board.memories if m.name == name), None)
    heap = rpc.tensor_heap_bytes
    if memory is None:
        return replace(rpc, tensor_heap_bytes=max(heap, draft.target.unknown_heap_bytes))
    taken = sum(n.size_bytes for n in draft.needs if n.memory == name and not n.estimate)
    room = (memory.size - taken - draft.target.reserve.of(memory.size)) // alignment * alignment
    return replace(rpc, tensor_heap_bytes=heap + max(room, 0))


def kernel_window_needs(draft: Draft) -> Iterator[MemoryNeed]:
    """RAM for the code of kernels that come while the firmware runs."""
    if draft.kernel_host is not None:
        what = "window for kernels (option tuning_window_bytes)"
        size = draft.kernel_host.window_bytes
        yield MemoryNeed(draft.memory_name("ram"), what, size, NeedKind.WINDOW)


def _within(value: int, bounds: tuple[int, int]) -> int:
    return min(max(value, bounds[0]), bounds[1])
