"""Does it fit? Bytes that a project needs in each memory, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence

from microtvm_boards.boards import Board
from microtvm_boards.errors import ProjectError
from microtvm_boards.project.manifest import RpcSettings
from microtvm_boards.project.plan_types import MemoryNeed, ModulePlan
from microtvm_boards.project.samples import Samples

# Static data of start-up code, port and libc: measured with the empty firmware of
# benchmarks/footprint.py, rounded up.
BASE_RAM = 256
RPC_RAM = 512  # static data of src/rpc beside its buffers, rounded up


def align_up(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


def buffer_bytes(modules: Sequence[ModulePlan], side: str, alignment: int) -> int:
    """The largest of all models' inputs (or outputs), each tensor aligned."""
    return max(
        sum(align_up(t.tensor.size_bytes, alignment) for t in getattr(module, side))
        for module in modules
    )


def memory_needs(
    board: Board,
    modules: Sequence[ModulePlan],
    *,
    alignment: int,
    arena_bytes: int,
    stack_bytes: int,
    samples: Samples | None,
    rpc: RpcSettings | None = None,
) -> tuple[MemoryNeed, ...]:
    """What is known before compiling: constants in flash, everything static in RAM. The size of
    the code isn't among it."""
    flash, ram = board.memory_for("flash"), board.memory_for("ram")
    in_flash = flash.name if flash else "flash"
    in_ram = ram.name if ram else "ram"
    needs = []
    for plan in modules:
        module = plan.module
        constants = sum(len(p.data) for p in module.params) or module.constants_bytes
        needs.append(MemoryNeed(in_flash, f"constants of {module.name}", constants))
        workspace = module.static_workspace_bytes
        workspace += sum(align_up(p.size_bytes, alignment) for p in plan.pools)
        if plan.graph is not None:
            workspace += sum(align_up(size, alignment) for _, size in plan.graph.storage)
        needs.append(MemoryNeed(in_ram, f"activations of {module.name}", workspace))
    if samples is not None:
        row = buffer_bytes(modules[:1], "inputs", alignment)
        needs.append(MemoryNeed(in_flash, "baked samples", samples.count * row))
    needs.append(MemoryNeed(in_ram, "workspace of kernels", arena_bytes))
    if rpc is None:
        needs.append(MemoryNeed(in_ram, "inputs", buffer_bytes(modules, "inputs", alignment)))
        needs.append(MemoryNeed(in_ram, "outputs", buffer_bytes(modules, "outputs", alignment)))
    else:
        heap = "tensor heap, inputs and outputs too (option tensor_heap_bytes)"
        needs.append(MemoryNeed(in_ram, heap, rpc.tensor_heap_bytes))
        packet = "packet buffer (option rpc_packet_bytes)"
        needs.append(MemoryNeed(in_ram, packet, rpc.packet_bytes))
        needs.append(MemoryNeed(in_ram, "receive ring, as two packets", rpc.ring_bytes))
        needs.append(MemoryNeed(in_ram, "state of RPC", RPC_RAM))
    needs.append(MemoryNeed(in_ram, "stack", stack_bytes))
    needs.append(MemoryNeed(in_ram, "runtime and libc", BASE_RAM))
    return tuple(need for need in needs if need.size_bytes > 0)


def refuse_what_does_not_fit(board: Board, needs: Sequence[MemoryNeed]) -> None:
    """Raises ProjectError with needed and available bytes of every memory that is too small."""
    too_small = []
    for memory in board.memories:
        mine = [need for need in needs if need.memory == memory.name]
        needed = sum(need.size_bytes for need in mine)
        if needed > memory.size:
            too_small.append(
                f"{memory.name}: needed {needed} B, available {memory.size} B "
                f"({needed - memory.size} B too many)"
            )
            too_small += [f"    {need.size_bytes:>10} B  {need.what}" for need in mine]
    if too_small:
        raise ProjectError(
            f"The model doesn't fit the board {board.name}.",
            details=too_small,
            hint="a board with more memory, or compile with tir.usmp.algorithm=hill_climb for "
            "smaller activations",
        )
