"""What the entry point `packed` adds to a plan: buffers, and what model and board have to bring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from microtvm_boards.boards import Board
from microtvm_boards.errors import BoardError, ModelError, UsageError
from microtvm_boards.model import Model
from microtvm_boards.project.manifest import RpcSettings
from microtvm_boards.project.needs.need import MemoryNeed, NeedKind
from microtvm_boards.project.needs.preflight import align_up
from microtvm_boards.project.plan.crt_server import (
    PACKET,
    STATE_BLOCKS,
    best_page_bits,
    crt_needs,
    pages,
    plan_crt_server,
    refuse_what_tvm_cannot_serve,
    tensor_blocks,
)
from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.graph import host_storage_bytes
from microtvm_boards.project.plan.types import CrtServer, ModulePlan

PACKET_BYTES_HOST = 16384
PACKET_BYTES_UNKNOWN = 2048  # of a board whose RAM isn't known yet
# (RAM of a board up to here, packet buffer); the receive ring takes twice as much.
PACKET_BYTES_BY_RAM = ((32 << 10, 1024), (256 << 10, 2048), (1 << 32, 4096))
FRAME_BYTES = 11  # of a frame that a host doesn't count among the packet: start to CRC
CALL_BYTES = 96  # of a call of ModuleGetFunction, without the function's name
HEAP_BYTES_HOST = 4 << 20
# Heap beside the model's own tensors: scalars, small arrays of a user.
HEAP_SPARE = 1024
RPC_RAM = 384  # static data of src/rpc beside its buffers, rounded up


def plan_rpc(draft: Draft) -> tuple[RpcSettings, CrtServer | None]:
    """Sizes of all buffers; with runtime=standalone_crt the settings of TVM's own server, too.

    That one takes the workspace of kernels from the tensor heap.

    Raises ModelError for models that the server can't call, BoardError for a board that lacks what
    an interrupt-driven UART needs, UsageError for buffers that are too small for anything.
    """
    board, options, alignment = draft.board, draft.options, draft.alignment
    model, modules = draft.model, draft.modules
    own = options.runtime == "own"
    if own:
        _refuse_missing_registry(model, modules)
    else:
        refuse_what_tvm_cannot_serve(model, modules)
    refuse_missing_irq(board)
    dimensions = max(
        (len(t.tensor.shape or (0,)) for plan in modules for t in plan.tensors), default=0
    )
    packet = packet_bytes(_names(modules), dimensions, draft)
    needed = tensor_blocks(modules, draft.arena_bytes)
    if own:
        needed = _executor_bytes(modules, alignment)
    arrays = _host_arrays(modules, alignment, storage=own)
    page_bits = best_page_bits([*STATE_BLOCKS, packet, *needed, *arrays], alignment)
    step = alignment if own else 1 << page_bits

    def taken(blocks: Sequence[int]) -> int:
        if own:
            return sum(block_bytes(size, alignment) for size in blocks)
        return sum(pages(size, page_bits) for size in blocks) * step

    least = taken(needed)
    heap = options.tensor_heap_bytes
    if heap is None:
        heap = least + taken(arrays) + HEAP_SPARE
        heap = max(heap, HEAP_BYTES_HOST) if draft.target.native else heap
    if heap < least:
        raise UsageError(
            f"tensor_heap_bytes is {heap}; what a run of the model needs takes {least}.",
            hint="leave the option out: the size follows from the model",
        )
    settings = RpcSettings(
        packet_bytes=packet,
        tensor_heap_bytes=align_up(heap, step),
        ring_bytes=ring_bytes(packet, draft),
        codec="classic",
        server=options.runtime,
    )
    return settings, None if own else plan_crt_server(modules, settings, page_bits)


def rpc_needs(draft: Draft) -> Iterator[MemoryNeed]:
    """Beside the tensor heap, which is a buffer; TVM's own server has one heap for all of it."""
    rpc, ram = draft.rpc, draft.memory_name("ram")
    if rpc is None:
        return
    if draft.crt is not None:
        yield from crt_needs(rpc, draft.crt, ram)
    else:
        yield MemoryNeed(ram, PACKET, rpc.packet_bytes, NeedKind.PACKET)
        yield MemoryNeed(ram, "state of RPC", RPC_RAM, NeedKind.RPC)
    yield MemoryNeed(ram, "receive ring, as two packets", draft.ring_bytes, NeedKind.RING)


def _refuse_missing_registry(model: Model, modules: Sequence[ModulePlan]) -> None:
    for plan in modules:
        if plan.graph is not None and plan.library == 0 and not model.system_lib:
            raise ModelError(
                f'Module "{plan.module.name}" is a graph without its function registry, through '
                "which the entry point 'packed' finds its operators.",
                hint="build it with Runtime('crt', {'system-lib': True}) (tvmc: "
                "--runtime-crt-system-lib 1), or use --model-entrypoint-api c",
            )


def refuse_missing_irq(board: Board) -> None:
    if board.uart is None or board.uart.driver is None:
        return  # the driver is not ours
    for missing, name in ((board.uart.irq, "uart.irq"), (board.clock_hz, "clock_hz")):
        if missing is None:
            raise BoardError(
                f"{board.source} has no {name}, which the entry point 'packed' needs.",
                hint=f"add {name} from the processor's manual, or use --model-entrypoint-api c",
            )


def _names(modules: Sequence[ModulePlan]) -> list[str]:
    """Functions that a host looks up."""
    names = [call.function for plan in modules if plan.graph for call in plan.graph.calls]
    return [*names, *(f"tvmgen_{plan.module.name}___tvm_main__" for plan in modules)]


def ring_bytes(packet: int, draft: Draft) -> int:
    """Of the receive ring: a frame of `packet` bytes whose every byte is escaped. The operating
    system is the host's ring."""
    return 0 if draft.target.native else 2 * (packet + FRAME_BYTES)


def packet_bytes(
    names: Sequence[str], dimensions: int, draft: Draft, *, whose: str = "this model"
) -> int:
    """Size of the packet buffer; `names`: of functions that a host looks up, `dimensions`: the most
    of a tensor. Raises UsageError for an option that is too small."""
    # The header of a copy (facts of the wire: 44 + 8 * ndim), or a call that looks a function up.
    copy = FRAME_BYTES + 44 + 8 * dimensions + 16
    least = max(copy, FRAME_BYTES + CALL_BYTES + max((len(name) for name in names), default=0))
    packet = draft.options.rpc_packet_bytes
    if packet is None:
        ram = draft.board.memory_for("ram")
        packet = PACKET_BYTES_HOST if draft.target.native else PACKET_BYTES_UNKNOWN
        if ram is not None:
            packet = next(size for limit, size in PACKET_BYTES_BY_RAM if ram.size <= limit)
        packet = max(packet, least)
    if packet < least:
        raise UsageError(
            f"rpc_packet_bytes is {packet}: a packet buffer too small for any copy or call; "
            f"{whose} needs at least {least}.",
            hint="leave the option out: the size follows from the board's RAM",
        )
    return align_up(packet, 8)


def block_bytes(size: int, alignment: int) -> int:
    """Heap that `size` bytes take: the header before them is as large as the alignment."""
    return align_up(max(size, 1), alignment) + alignment


def _executor_bytes(modules: Sequence[ModulePlan], alignment: int) -> list[int]:
    """Of each model: inputs and outputs, which its executor keeps in one block."""
    return [sum(align_up(t.tensor.size_bytes, alignment) for t in plan.tensors) for plan in modules]


def _host_arrays(modules: Sequence[ModulePlan], alignment: int, *, storage: bool) -> list[int]:
    """The most that a host allocates for one model: arrays for its inputs and outputs, and with the
    graph executor on the host (`storage`) all of its tensors."""
    arrays = []
    for plan in modules:
        arrays.append([t.tensor.size_bytes for t in plan.tensors])
        if storage and plan.module.graph is not None:
            arrays[-1] += host_storage_bytes(plan.module.graph)
    return max(arrays, key=lambda blocks: sum(block_bytes(size, alignment) for size in blocks))
