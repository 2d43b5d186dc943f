"""What the entry point `packed` adds to a plan: buffers, and what model and board have to bring."""

from __future__ import annotations

from collections.abc import Sequence

from microtvm_boards.boards import Board
from microtvm_boards.errors import BoardError, ModelError, UsageError
from microtvm_boards.mlf import Model
from microtvm_boards.project.graph_plan import host_storage_bytes
from microtvm_boards.project.manifest import RpcSettings
from microtvm_boards.project.options import ProjectOptions
from microtvm_boards.project.plan_types import ModulePlan
from microtvm_boards.project.preflight import align_up

PACKET_BYTES_HOST = 16384
# (RAM of a board up to here, packet buffer); the receive ring takes twice as much.
PACKET_BYTES_BY_RAM = ((32 << 10, 1024), (256 << 10, 2048), (1 << 32, 4096))
FRAME_BYTES = 11  # of a frame that a host doesn't count among the packet: start to CRC
CALL_BYTES = 96  # of a call of ModuleGetFunction, without the function's name
HEAP_BYTES_HOST = 4 << 20
# Heap beside the model's own tensors: scalars, small arrays of a user.
HEAP_SPARE = 1024


def plan_rpc(
    model: Model,
    modules: Sequence[ModulePlan],
    board: Board,
    options: ProjectOptions,
    alignment: int,
) -> RpcSettings:
    """Sizes of all buffers.

    Raises ModelError for graphs without the registry through which a host finds their operators,
    BoardError for a board that lacks what an interrupt-driven UART needs, UsageError for buffers
    that are too small for anything.
    """
    _refuse_missing_registry(model, modules)
    _refuse_missing_irq(board)
    packet = align_up(_packet_bytes(modules, board, options), 8)
    least = sum(_block(size, alignment) for size in _executor_bytes(modules, alignment))
    heap = options.tensor_heap_bytes
    if heap is None:
        heap = least + _host_driven_bytes(modules, alignment) + HEAP_SPARE
        heap = heap if board.memories else max(heap, HEAP_BYTES_HOST)
    if heap < least:
        raise UsageError(
            f"tensor_heap_bytes is {heap}; inputs and outputs of the model alone take {least}.",
            hint="leave the option out: the size follows from the model",
        )
    return RpcSettings(
        packet_bytes=packet,
        tensor_heap_bytes=align_up(heap, alignment),
        # A frame whose every byte is escaped; the operating system is the host's ring.
        ring_bytes=2 * (packet + FRAME_BYTES) if board.uart is not None else 0,
        codec="classic",
    )


def _refuse_missing_registry(model: Model, modules: Sequence[ModulePlan]) -> None:
    for plan in modules:
        if plan.graph is not None and not model.system_lib:
            raise ModelError(
                f'Module "{plan.module.name}" is a graph without its function registry, through '
                "which the entry point 'packed' finds its operators.",
                hint="build it with Runtime('crt', {'system-lib': True}) (tvmc: "
                "--runtime-crt-system-lib 1), or use --model-entrypoint-api c",
            )


def _refuse_missing_irq(board: Board) -> None:
    if board.uart is None:
        return
    for missing, name in ((board.uart.irq, "uart.irq"), (board.clock_hz, "clock_hz")):
        if missing is None:
            raise BoardError(
                f"{board.source} has no {name}, which the entry point 'packed' needs.",
                hint=f"add {name} from the processor's manual, or use --model-entrypoint-api c",
            )


def _packet_bytes(modules: Sequence[ModulePlan], board: Board, options: ProjectOptions) -> int:
    dimensions = max(
        (len(t.tensor.shape or (0,)) for plan in modules for t in plan.tensors), default=0
    )
    names = [call.function for plan in modules if plan.graph for call in plan.graph.calls]
    names += [f"tvmgen_{plan.module.name}___tvm_main__" for plan in modules]
    # The header of a copy (facts of the wire: 44 + 8 * ndim), or a call that looks a function up.
    copy = FRAME_BYTES + 44 + 8 * dimensions + 16
    least = max(copy, FRAME_BYTES + CALL_BYTES + max(len(name) for name in names))
    packet = options.rpc_packet_bytes
    if packet is None:
        ram = board.memory_for("ram")
        packet = PACKET_BYTES_HOST
        if ram is not None:
            packet = next(size for limit, size in PACKET_BYTES_BY_RAM if ram.size <= limit)
        return max(packet, least)
    if packet < least:
        raise UsageError(
            f"rpc_packet_bytes is {packet}: a packet buffer too small for any copy or call; this "
            f"model needs at least {least}.",
            hint="leave the option out: the size follows from the board's RAM",
        )
    return packet


def _block(size: int, alignment: int) -> int:
    """Heap that `size` bytes take: the header before them is as large as the alignment."""
    return align_up(max(size, 1), alignment) + alignment


def _executor_bytes(modules: Sequence[ModulePlan], alignment: int) -> list[int]:
    """Of each model: inputs and outputs, which its executor keeps in one block."""
    return [sum(align_up(t.tensor.size_bytes, alignment) for t in plan.tensors) for plan in modules]


def _host_driven_bytes(modules: Sequence[ModulePlan], alignment: int) -> int:
    """The most that a host allocates for one model: arrays for its inputs and outputs, or with the
    graph executor on the host all of its tensors."""
    needs = []
    for plan in modules:
        arrays = [t.tensor.size_bytes for t in plan.tensors]
        if plan.module.graph is not None:
            arrays += host_storage_bytes(plan.module.graph)
        needs.append(sum(_block(size, alignment) for size in arrays))
    return max(needs)
