"""TVM's own RPC server (runtime=standalone_crt, entry point packed): what it serves, its heap.

Everything that it allocates comes from TVM's page allocator, its own objects too. Sizes are those
of TVM v0.16 on 64-bit hosts, where they are largest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from microtvm_boards.errors import ModelError
from microtvm_boards.model import Executor, Interface, Model, Module
from microtvm_boards.project.manifest import RpcSettings
from microtvm_boards.project.needs.need import MemoryNeed, NeedKind
from microtvm_boards.project.needs.preflight import align_up
from microtvm_boards.project.plan.graph import host_storage_bytes
from microtvm_boards.project.plan.types import CrtServer, ModulePlan

CRT_RAM = 1280  # static data of TVM's own server: measured, rounded up
PAGE_STATE_BYTES = 88  # what TVM's page allocator notes of a page: Page, PageEntry, IndexedEntry
MANAGER_BYTES = 168  # its MemoryManager (v0.16, on 64-bit hosts)
# Of needs, as options name them.
PACKET = "packet buffer (option rpc_packet_bytes)"
TENSOR_HEAP = "tensor heap, inputs and outputs too (option tensor_heap_bytes)"
LEAST_PAGE_BITS, MOST_PAGE_BITS = 6, 13
REGISTRY_BYTES = 512  # names and pointers of eight global functions take 300
# What the server takes when it starts, beside the packet buffer: registry, MicroRPCServer, decoded
# arguments (kPageSize of MinRPCServer), two objects that it makes with new.
STATE_BLOCKS = (REGISTRY_BYTES, 416, 2048, 24, 16)
ARRAY_BYTES = 56  # TVMNDArray
EXECUTOR_BYTES = 40  # TVMAotExecutor
MOST_POOLS = 8  # that an AOT entry appends to its arguments
MOST_DIMENSIONS = 8
LIVE_BLOCKS = 16  # of workspace that kernels hold at a time
NAME_PARTS = len("tvmgen_" + "_get_c_metadata") + 1  # around a model's name


def refuse_what_tvm_cannot_serve(model: Model, modules: Sequence[ModulePlan]) -> None:
    """Raises ModelError for a model library that TVM's own RPC server can't call."""
    reason = _reason(model, modules)
    if reason is None:
        return
    why, fix = reason
    raise ModelError(
        f"TVM's own RPC server (runtime=standalone_crt) can't serve this model library: {why}.",
        hint=f"runtime=own, or {fix}" if fix else "runtime=own",
    )


def _reason(model: Model, modules: Sequence[ModulePlan]) -> tuple[str, str] | None:
    """What stands against it, and how the model would have to be built instead."""
    runtime, tvmc = "Runtime('crt', {'system-lib': True})", "--runtime-crt-system-lib 1"
    if any(plan.module.executor is Executor.AOT for plan in modules):
        runtime += " and Executor('aot', {'interface-api': 'packed', 'unpacked-api': False})"
        tvmc += " --executor-aot-interface-api packed --executor-aot-unpacked-api 0"
    rebuild = f"build it with {runtime} (tvmc: {tvmc})"
    for plan in modules:
        entry = plan.module.entry
        if entry is not None and entry.interface is Interface.C:
            return f'"{plan.module.name}" has a C entry (interface-api c), no packed one', rebuild
    if not model.system_lib:
        return "it has no function registry (system-lib)", rebuild
    if len(modules) > 1:
        return f"it holds {len(modules)} models, and TVM's executor one", "a library of one model"
    for plan in modules:
        if plan.module.executor is Executor.AOT and not _has_metadata(model, plan.module):
            name = f"tvmgen_{plan.module.c_name}_get_c_metadata"
            return f"it has no function {name}, from which TVM's AOT executor starts", ""
    return None


def _has_metadata(model: Model, module: Module) -> bool:
    name = f"tvmgen_{module.c_name}_get_c_metadata".encode()
    return any(name in model.files[source] for source in module.sources)


def tensor_blocks(modules: Sequence[ModulePlan], arena_bytes: int) -> list[int]:
    """Bytes of every block that running the models takes: the executor's, the kernels'."""
    blocks: list[int] = []
    for plan in modules:
        module = plan.module
        if module.graph is not None:  # the executor is on the host
            blocks += host_storage_bytes(module.graph)
            continue
        pools = max(len(module.pools), MOST_POOLS)
        blocks += [EXECUTOR_BYTES, (len(plan.tensors) + pools) * ARRAY_BYTES]
        for tensor in plan.tensors:
            blocks += [8 * len(tensor.tensor.shape or (0,)), tensor.tensor.size_bytes]
    return blocks + _workspace_blocks(modules, arena_bytes)


def _workspace_blocks(modules: Sequence[ModulePlan], arena_bytes: int) -> list[int]:
    """The allocator neither splits nor joins blocks that come back: what kernels ask for one after
    the other may come to lie side by side."""
    if arena_bytes == 0:
        return []
    operators = sum(op.workspace_bytes for plan in modules for op in plan.module.operators)
    return [max(operators, 2 * arena_bytes), *LIVE_BLOCKS * [1]]


def best_page_bits(blocks: Sequence[int], alignment: int) -> int:
    """The page size, as a power of two, with which `blocks` take the least memory. Every block is
    to start at a multiple of `alignment`."""

    def cost(bits: int) -> int:
        return sum(pages(size, bits) for size in blocks) * ((1 << bits) + PAGE_STATE_BYTES)

    return min(range(max(LEAST_PAGE_BITS, alignment.bit_length() - 1), MOST_PAGE_BITS), key=cost)


def pages(size: int, bits: int) -> int:
    """Pages that a block of `size` bytes takes."""
    return max(1, align_up(size, 1 << bits) >> bits)


def plan_crt_server(modules: Sequence[ModulePlan], rpc: RpcSettings, page_bits: int) -> CrtServer:
    """Limits that TVM's runtime is compiled with, and the pages of its heap."""
    tensors = [t for plan in modules for t in plan.tensors]
    return CrtServer(
        page_bits=page_bits,
        tensor_pages=pages(rpc.tensor_heap_bytes, page_bits),
        packet_pages=pages(rpc.packet_bytes, page_bits),
        state_pages=sum(pages(size, page_bits) for size in STATE_BLOCKS),
        registry_bytes=REGISTRY_BYTES,
        most_dimensions=max(MOST_DIMENSIONS, *(len(t.tensor.shape or ()) for t in tensors)),
        most_arguments=max(len(plan.tensors) + MOST_POOLS for plan in modules),
        longest_name=NAME_PARTS + max(len(plan.module.name) for plan in modules),
    )


def crt_needs(rpc: RpcSettings, crt: CrtServer, ram: str) -> Iterator[MemoryNeed]:
    """One heap for all of it, in the memory `ram`."""
    notes = crt.pages * PAGE_STATE_BYTES + MANAGER_BYTES
    for what, size in (
        (TENSOR_HEAP, rpc.tensor_heap_bytes),
        (PACKET, crt.packet_pages << crt.page_bits),
        ("state of RPC", crt.state_pages << crt.page_bits),
        ("notes of TVM's page allocator", notes),
    ):
        yield MemoryNeed(ram, what, size, NeedKind.TENSOR_HEAP)
    yield MemoryNeed(ram, "TVM's runtime", CRT_RAM, NeedKind.BASE)
