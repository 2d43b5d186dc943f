"""Which memory every static buffer of a project lies in, and which buffers overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from microtvm_boards.boards import Memory
from microtvm_boards.errors import UsageError, nearest
from microtvm_boards.project.needs.need import MemoryNeed, NeedKind
from microtvm_boards.project.needs.preflight import align_up
from microtvm_boards.project.plan.crt_server import TENSOR_HEAP
from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.types import Buffer, BufferKind, ModulePlan

_FLASH, _RAM = "flash", "ram"  # Memory.use; where a board lists no memories, their names


@dataclass(frozen=True)
class _Wish:
    """One item of the option `pools`."""

    text: str
    model: str  # "": every model that has such a pool
    pool: str
    memory: Memory


def lay_out(draft: Draft) -> tuple[Buffer, ...]:
    """Places every buffer: where the option `pools` says, else in RAM; constants, else in flash.

    Models run one at a time, so the activations of several models overlap (option activations).
    Raises UsageError for pools, models or memories that aren't there, and for a memory that can't
    hold what it is to hold.
    """
    modules = draft.modules
    found = [*_of_models(draft), *_of_all(draft)]
    wishes = [_wish(text, draft) for text in draft.options.pools]
    for wish in wishes:
        _refuse_unknown(wish, found, modules)
    placed = [_place(buffer, wishes, draft) for buffer in found]
    _refuse_split(placed, modules)
    overlapping: set[str] = set()
    if draft.options.activations == "shared" and draft.target.places_buffers:
        owners = {(b.memory, b.owner) for b in placed if _is_activation(b)}
        memories = [memory for memory, _ in owners]
        overlapping = {memory for memory in memories if memories.count(memory) > 1}
    result = []
    for buffer in placed:
        overlaps = _is_activation(buffer) and buffer.memory in overlapping
        moved = buffer.memory != draft.memory_name(_use(buffer))
        section = _section(buffer, modules) if overlaps or moved else ""
        result.append(replace(buffer, overlaps=overlaps, section=section))
    return tuple(result)


_WORDS = {
    BufferKind.ARENA: "workspace of kernels",
    BufferKind.TENSOR_HEAP: TENSOR_HEAP,
}


def buffer_needs(draft: Draft) -> list[MemoryNeed]:
    """Constants and activations by model and memory; activations that overlap as one line, as
    large as the largest model's."""
    sizes: dict[tuple[str, str, NeedKind], int] = {}
    shared: dict[str, dict[str, int]] = {}
    for buffer in draft.buffers:
        if buffer.owner is None:
            key = buffer.memory, _WORDS[buffer.kind], NeedKind(buffer.kind.value)
            sizes[key] = buffer.size_bytes
            continue
        name = draft.modules[buffer.owner].module.name
        if buffer.overlaps:
            models = shared.setdefault(buffer.memory, {})
            models[name] = models.get(name, 0) + buffer.size_bytes
            continue
        kind = NeedKind.CONSTANTS if buffer.constant else NeedKind.ACTIVATIONS
        key = buffer.memory, f"{kind.value} of {name}", kind
        sizes[key] = sizes.get(key, 0) + buffer.size_bytes
    for memory, models in shared.items():
        what = f"activations, shared by {', '.join(models)}"
        sizes[memory, what, NeedKind.ACTIVATIONS] = max(models.values())
    return [MemoryNeed(memory, what, size, kind) for (memory, what, kind), size in sizes.items()]


def _is_activation(buffer: Buffer) -> bool:
    return buffer.owner is not None and not buffer.constant


def _use(buffer: Buffer) -> str:
    """What a memory has to be for it."""
    return _FLASH if buffer.constant else _RAM


def _of_models(draft: Draft) -> Iterator[Buffer]:
    """TVM's own server leaves graphs to the host: they have no storage and no constants here."""
    alignment = draft.alignment
    for number, plan in enumerate(draft.modules):
        for static in plan.module.static_buffers:
            size = align_up(static.size_bytes, alignment)
            yield Buffer(BufferKind.GENERATED, static.name, number, size)
        for pool in plan.pools:
            size = align_up(pool.size_bytes, alignment)
            kind = BufferKind.CONSTANT_POOL if pool.constant_data else BufferKind.POOL
            yield Buffer(kind, pool.field, number, size)
        if plan.module.code_constants_bytes:
            size = plan.module.code_constants_bytes
            yield Buffer(BufferKind.CONSTANTS, "constants", number, size)
        if plan.graph is None or draft.crt is not None:
            continue
        if plan.graph.storage:
            size = sum(align_up(size, alignment) for _, size in plan.graph.storage)
            yield Buffer(BufferKind.STORAGE, "storage", number, size)
        if plan.graph.params:
            sizes = {param.name: len(param.data) for param in plan.module.params}
            size = sum(sizes[name] for name in plan.graph.params)
            yield Buffer(BufferKind.PARAMS, "constants", number, size)


def _of_all(draft: Draft) -> Iterator[Buffer]:
    rpc = draft.rpc
    if draft.arena_bytes:
        yield Buffer(BufferKind.ARENA, "arena", None, draft.arena_bytes)
    if rpc is not None and rpc.server == "own":
        yield Buffer(BufferKind.TENSOR_HEAP, "tensor_heap", None, rpc.tensor_heap_bytes)


def _wish(text: str, draft: Draft) -> _Wish:
    target, _, name = text.partition(":")
    board = draft.board
    if not board.memories:
        why, hint = (words.format(board=board.name) for words in draft.target.no_memories)
        raise UsageError(f"pools sends {target} to {name}, but {why}", hint=hint)
    names = [memory.name for memory in board.memories]
    same = [known for known in names if known.lower() == name.lower()]
    if not same:
        raise UsageError(
            f'Board {board.name} has no memory "{name}" for pool {target}.{nearest(name, names)}',
            hint="its memories are " + ", ".join(names),
        )
    model, _, pool = target.rpartition(".")
    return _Wish(text, model, pool, board.memories[names.index(same[0])])


def _matches(wish: _Wish, buffer: Buffer, modules: Sequence[ModulePlan]) -> bool:
    model = "" if buffer.owner is None else modules[buffer.owner].c_name
    return wish.pool == buffer.pool and wish.model in ("", model)


def _refuse_unknown(wish: _Wish, buffers: Sequence[Buffer], modules: Sequence[ModulePlan]) -> None:
    if any(_matches(wish, buffer, modules) for buffer in buffers):
        return
    pools = list(dict.fromkeys(buffer.pool for buffer in buffers))
    what = f'model "{wish.model}" with a pool "{wish.pool}"' if wish.model else f'"{wish.pool}"'
    raise UsageError(
        f"There is no pool {what} in this project.{nearest(wish.pool, pools)}",
        hint="its pools are " + (", ".join(pools) or "none: everything is in the model's code"),
    )


def _place(buffer: Buffer, wishes: Sequence[_Wish], draft: Draft) -> Buffer:
    """The wish for one model goes before the wish for all."""
    mine = [wish for wish in wishes if _matches(wish, buffer, draft.modules)]
    mine.sort(key=lambda wish: wish.model == "")
    use = _use(buffer)
    if not mine:
        return replace(buffer, memory=draft.memory_name(use))
    memory = mine[0].memory
    if use not in memory.use:
        why = "constants stay in flash" if buffer.constant else "a buffer has to be writable"
        fitting = [m.name for m in draft.board.memories if use in m.use]
        raise UsageError(
            f'pools sends "{buffer.pool}" to {memory.name}, which is {" and ".join(memory.use)}: '
            f"{why}.",
            hint="one of " + ", ".join(fitting),
        )
    return replace(buffer, memory=memory.name)


def _refuse_split(buffers: Sequence[Buffer], modules: Sequence[ModulePlan]) -> None:
    """TVM puts all its static buffers of a model into one section."""
    for number, plan in enumerate(modules):
        mine = [b for b in buffers if b.owner == number and b.kind is BufferKind.GENERATED]
        if len({b.memory for b in mine}) > 1:
            raise UsageError(
                f'The static buffers of model "{plan.module.name}" '
                f"({', '.join(b.pool for b in mine)}) are one section of TVM's code; they were "
                "sent to different memories.",
                hint="one memory for all, or compile the model with interface-api=c and "
                "workspace_memory_pools, which gives the pools to the application",
            )


def _section(buffer: Buffer, modules: Sequence[ModulePlan]) -> str:
    """The input section of a buffer that doesn't lie where the linker's default rules put it.

    What TVM generated gets a suffix behind the section that TVM chose.
    """
    section = ".rodata." if buffer.constant else ".bss.noinit."
    section += "tvm" if buffer.kind in (BufferKind.GENERATED, BufferKind.CONSTANTS) else "mtvm"
    if buffer.kind in (BufferKind.POOL, BufferKind.CONSTANT_POOL):
        section += f".pool_{buffer.pool}"
    elif section.endswith(".mtvm"):
        section += f".{buffer.kind.value}"
    return section if buffer.owner is None else f"{section}.{modules[buffer.owner].section_suffix}"
