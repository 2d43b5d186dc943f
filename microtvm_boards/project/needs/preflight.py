"""Does it fit? Bytes that a project needs in each memory, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence

from microtvm_boards.boards import Board
from microtvm_boards.errors import ProjectError
from microtvm_boards.project.inputs.samples import Samples
from microtvm_boards.project.manifest import RpcSettings
from microtvm_boards.project.needs.code_size import CodeEstimate, descriptor_bytes
from microtvm_boards.project.needs.need import MemoryNeed
from microtvm_boards.project.needs.zephyr_size import ZephyrBase
from microtvm_boards.project.options.parse import ProjectOptions
from microtvm_boards.project.plan.types import (
    Buffer,
    BufferKind,
    CrtServer,
    ModulePlan,
    StackPlan,
)

# Static data of start-up code, port and libc beside the stack, by platform: measured with
# benchmarks/code_size.py, rounded up.
# The host's port has buffers of 64 KiB for standard input and output.
BASE_RAM = {"baremetal": 64, "stm32cube": 256, "host": 2 * 65536 + 1024}
BASE_RAM_ELSEWHERE = 256
ZEPHYR_RING = 64  # of the port, entry point c: RING_BYTES
ZEPHYR_SPARE = 64  # what a model adds to what was measured: libm's errno, workspace, alignment
LIBM_RAM = 104  # newlib's errno, where math.h is used
RPC_RAM = 384  # static data of src/rpc beside its buffers, rounded up
CRT_RAM = 1280  # likewise, of TVM's own server: measured, rounded up
PAGE_STATE_BYTES = 88  # what TVM's page allocator notes of a page: Page, PageEntry, IndexedEntry
MANAGER_BYTES = 168  # its MemoryManager (v0.16, on 64-bit hosts)


def align_up(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


def buffer_bytes(modules: Sequence[ModulePlan], side: str, alignment: int) -> int:
    """The largest of all models' inputs (or outputs), each tensor aligned."""
    return max(
        (
            sum(align_up(t.tensor.size_bytes, alignment) for t in getattr(module, side))
            for module in modules
        ),
        default=0,
    )


def memory_needs(
    board: Board,
    platform: str,
    modules: Sequence[ModulePlan],
    buffers: Sequence[Buffer],
    options: ProjectOptions,
    *,
    alignment: int,
    stack: StackPlan,
    samples: Samples | None,
    libm: bool,
    code: CodeEstimate | None,
    rpc: RpcSettings | None = None,
    crt: CrtServer | None = None,
    zephyr: ZephyrBase | None = None,
) -> tuple[MemoryNeed, ...]:
    """What is known before compiling: constants in flash and everything static in RAM, exact but
    for roundings up; code in flash, estimated."""
    flash, ram = board.memory_for("flash"), board.memory_for("ram")
    in_flash = flash.name if flash else "flash"
    in_ram = ram.name if ram else "ram"
    needs = _buffer_needs(modules, buffers)

    def need(memory: str, what: str, size: int, kind: str, estimate: bool = False) -> None:
        needs.append(MemoryNeed(memory, what, size, kind, estimate))

    if samples is not None:
        row = buffer_bytes(modules[:1], "inputs", alignment)
        need(in_flash, "baked samples", samples.count * row, "samples")
    if code is not None:
        ours = "code of ours, estimated"
        if zephyr is not None:
            ours = f"code of ours and Zephyr{zephyr.source or ', estimated'}"
        need(in_flash, "code of the models, estimated", code.model, "model_code", True)
        need(in_flash, ours, code.own, "own_code", True)
        need(in_flash, "code of libraries, estimated", code.libraries, "libraries", True)
    if rpc is None:
        for side in ("inputs", "outputs"):
            # app minimal has a struct for each model.
            apart = [[m] for m in modules] if options.app == "minimal" else [modules]
            size = sum(buffer_bytes(some, side, alignment) for some in apart)
            need(in_ram, side, size, side)
        if zephyr is not None and not zephyr.hosted:
            need(in_ram, "receive ring", ZEPHYR_RING, "ring")
    else:
        packet = "packet buffer (option rpc_packet_bytes)"
        if crt is None:
            need(in_ram, packet, rpc.packet_bytes, "packet")
            need(in_ram, "state of RPC", RPC_RAM, "rpc")
        else:  # one heap for all of it
            notes = crt.pages * PAGE_STATE_BYTES + MANAGER_BYTES
            need(in_ram, _WORDS[BufferKind.TENSOR_HEAP], rpc.tensor_heap_bytes, "tensor_heap")
            need(in_ram, packet, crt.packet_pages << crt.page_bits, "tensor_heap")
            need(in_ram, "state of RPC", crt.state_pages << crt.page_bits, "tensor_heap")
            need(in_ram, "notes of TVM's page allocator", notes, "tensor_heap")
            need(in_ram, "TVM's runtime", CRT_RAM, "base")
        # A program of this computer has a UART without interrupts.
        ring = 0 if zephyr is not None and zephyr.hosted else rpc.ring_bytes
        need(in_ram, "receive ring, as two packets", ring, "ring")
    need(in_ram, "descriptors of tensors", sum(descriptor_bytes(m)[0] for m in modules), "base")
    words = "stack, estimated" if stack.estimated else "stack"
    need(in_ram, words, stack.size_bytes, "stack", stack.estimated)
    if zephyr is not None:
        size = align_up(zephyr.ram + ZEPHYR_SPARE, alignment)
        need(
            in_ram, f"Zephyr: kernel, drivers, libc{zephyr.source}", size, "base", zephyr.estimated
        )
    else:
        base = BASE_RAM.get(platform, BASE_RAM_ELSEWHERE) + (LIBM_RAM if libm else 0)
        need(in_ram, "runtime and libc", base, "base")
    return tuple(need for need in needs if need.size_bytes > 0)


def need_to_json(need: MemoryNeed) -> dict[str, str | int | bool]:
    """As it is in project.json."""
    return {
        "memory": need.memory,
        "what": need.what,
        "size_bytes": need.size_bytes,
        "kind": need.kind,
        "estimate": need.estimate,
    }


_WORDS = {
    BufferKind.ARENA: "workspace of kernels",
    BufferKind.TENSOR_HEAP: "tensor heap, inputs and outputs too (option tensor_heap_bytes)",
}


def _buffer_needs(modules: Sequence[ModulePlan], buffers: Sequence[Buffer]) -> list[MemoryNeed]:
    """Constants and activations by model and memory; activations that overlap as one line, as
    large as the largest model's."""
    sizes: dict[tuple[str, str, str], int] = {}
    shared: dict[str, dict[str, int]] = {}
    for buffer in buffers:
        if buffer.owner is None:
            sizes[buffer.memory, _WORDS[buffer.kind], buffer.kind.value] = buffer.size_bytes
            continue
        name = modules[buffer.owner].module.name
        if buffer.overlaps:
            models = shared.setdefault(buffer.memory, {})
            models[name] = models.get(name, 0) + buffer.size_bytes
            continue
        kind = "constants" if buffer.constant else "activations"
        key = buffer.memory, f"{kind} of {name}", kind
        sizes[key] = sizes.get(key, 0) + buffer.size_bytes
    for memory, models in shared.items():
        what = f"activations, shared by {', '.join(models)}"
        sizes[memory, what, "activations"] = max(models.values())
    return [MemoryNeed(memory, what, size, kind) for (memory, what, kind), size in sizes.items()]


def refuse_what_does_not_fit(board: Board, needs: Sequence[MemoryNeed]) -> None:
    """Raises ProjectError with needed and available bytes of every memory that is too small.

    Estimates don't count: see `warnings_of`.
    """
    too_small = []
    for memory in board.memories:
        mine = [n for n in needs if n.memory == memory.name and not n.estimate]
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


def warnings_of(board: Board, needs: Sequence[MemoryNeed]) -> tuple[str, ...]:
    """A line for every memory that is too small if the estimates of code are right."""
    found = []
    for memory in board.memories:
        mine = [n for n in needs if n.memory == memory.name]
        needed = sum(need.size_bytes for need in mine)
        if needed > memory.size and any(need.estimate for need in mine):
            found.append(
                f"{memory.name}: about {needed} B are needed, {memory.size} B are there; what "
                "is exact would fit, the estimate of the code doesn't"
            )
    return tuple(found)
