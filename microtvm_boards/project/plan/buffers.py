"""Which memory every static buffer of a project lies in, and which buffers overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from microtvm_boards.boards import Board, Memory
from microtvm_boards.errors import UsageError, nearest
from microtvm_boards.project.manifest import RpcSettings
from microtvm_boards.project.needs.preflight import align_up
from microtvm_boards.project.options.parse import ProjectOptions
from microtvm_boards.project.plan.parts.port import PORTS
from microtvm_boards.project.plan.types import Buffer, BufferKind, ModulePlan

_FLASH, _RAM = "flash", "ram"  # Memory.use; where a board lists no memories, their names


@dataclass(frozen=True)
class _Wish:
    """One item of the option `pools`."""

    text: str
    model: str  # "": every model that has such a pool
    pool: str
    memory: Memory


def lay_out(
    board: Board,
    platform: str,
    modules: Sequence[ModulePlan],
    options: ProjectOptions,
    *,
    alignment: int,
    arena_bytes: int,
    rpc: RpcSettings | None,
    graphs_on_host: bool = False,
) -> tuple[Buffer, ...]:
    """Places every buffer: where the option `pools` says, else in RAM; constants, else in flash.

    Models run one at a time, so the activations of several models overlap (option activations).
    With `graphs_on_host` graphs have no storage and no constants here.
    Raises UsageError for pools, models or memories that aren't there, and for a memory that can't
    hold what it is to hold.
    """
    found = [*_of_models(modules, alignment, graphs_on_host), *_of_all(arena_bytes, rpc)]
    wishes = [_wish(text, board) for text in options.pools]
    for wish in wishes:
        _refuse_unknown(wish, found, modules)
    placed = [_place(buffer, wishes, board, modules) for buffer in found]
    _refuse_split(placed, modules)
    overlapping: set[str] = set()
    if options.activations == "shared" and PORTS[platform].places_buffers:
        owners = {(b.memory, b.owner) for b in placed if _is_activation(b)}
        memories = [memory for memory, _ in owners]
        overlapping = {memory for memory in memories if memories.count(memory) > 1}
    result = []
    for buffer in placed:
        overlaps = _is_activation(buffer) and buffer.memory in overlapping
        section = _section(buffer, modules) if overlaps or _moved(buffer, board) else ""
        result.append(replace(buffer, overlaps=overlaps, section=section))
    return tuple(result)


def _is_activation(buffer: Buffer) -> bool:
    return buffer.owner is not None and not buffer.constant


def _moved(buffer: Buffer, board: Board) -> bool:
    return buffer.memory != _default(buffer, board)


def _default(buffer: Buffer, board: Board) -> str:
    use = _FLASH if buffer.constant else _RAM
    memory = board.memory_for(use)
    return use if memory is None else memory.name


def _of_models(
    modules: Sequence[ModulePlan], alignment: int, graphs_on_host: bool
) -> Iterator[Buffer]:
    for number, plan in enumerate(modules):
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
        if plan.graph is None or graphs_on_host:
            continue
        if plan.graph.storage:
            size = sum(align_up(size, alignment) for _, size in plan.graph.storage)
            yield Buffer(BufferKind.STORAGE, "storage", number, size)
        if plan.graph.params:
            sizes = {param.name: len(param.data) for param in plan.module.params}
            size = sum(sizes[name] for name in plan.graph.params)
            yield Buffer(BufferKind.PARAMS, "constants", number, size)


def _of_all(arena_bytes: int, rpc: RpcSettings | None) -> Iterator[Buffer]:
    if arena_bytes:
        yield Buffer(BufferKind.ARENA, "arena", None, arena_bytes)
    if rpc is not None and rpc.server == "own":
        yield Buffer(BufferKind.TENSOR_HEAP, "tensor_heap", None, rpc.tensor_heap_bytes)


def _wish(text: str, board: Board) -> _Wish:
    target, _, name = text.partition(":")
    if not board.memories:
        raise _no_memories(target, name, board)
    names = [memory.name for memory in board.memories]
    same = [known for known in names if known.lower() == name.lower()]
    if not same:
        raise UsageError(
            f'Board {board.name} has no memory "{name}" for pool {target}.{nearest(name, names)}',
            hint="its memories are " + ", ".join(names),
        )
    model, _, pool = target.rpartition(".")
    return _Wish(text, model, pool, board.memories[names.index(same[0])])


def _no_memories(target: str, name: str, board: Board) -> UsageError:
    cause = f"pools sends {target} to {name}, but "
    if board.hosted or (board.zephyr is not None and board.zephyr.arch == "posix"):
        return UsageError(
            f"{cause}firmware of board {board.name} is a program of this computer, which has one "
            "memory for all.",
            hint="leave the option pools out: every pool lies in that memory",
        )
    return UsageError(
        f"{cause}the memories of board {board.name} are not known: no Zephyr was found.",
        hint="zephyr_base=PATH of a Zephyr tree, in which the board's devicetree is",
    )


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


def _place(
    buffer: Buffer, wishes: Sequence[_Wish], board: Board, modules: Sequence[ModulePlan]
) -> Buffer:
    """The wish for one model goes before the wish for all."""
    mine = [wish for wish in wishes if _matches(wish, buffer, modules)]
    mine.sort(key=lambda wish: wish.model == "")
    if not mine:
        return replace(buffer, memory=_default(buffer, board))
    memory = mine[0].memory
    use = _FLASH if buffer.constant else _RAM
    if use not in memory.use:
        why = "constants stay in flash" if buffer.constant else "a buffer has to be writable"
        fitting = [m.name for m in board.memories if use in m.use]
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
