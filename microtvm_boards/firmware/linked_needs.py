"""The preflight table again, with what the linker made of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.boards import Memory
from microtvm_boards.errors import ProjectError
from microtvm_boards.firmware.footprint import Piece, footprint
from microtvm_boards.firmware.memory_use import ELSEWHERE, memory_use
from microtvm_boards.project.needs.need import NeedKind
from microtvm_boards.project.project import Project

# Kinds of MemoryNeed in the words of the table.
WORDS: Mapping[str, str] = {
    "constants": "constants of the models",
    "samples": "baked samples",
    "model_code": "code of the models",
    "own_code": "code of ours",
    "libraries": "code of libraries",
    "activations": "activations of the models",
    "arena": "workspace of kernels",
    "tensor_heap": "tensor heap",
    "window": "window for kernels",
    "inputs": "inputs",
    "outputs": "outputs",
    "packet": "packet buffer",
    "ring": "receive ring",
    "rpc": "state of RPC",
    "stack": "stack",
    "base": "runtime and libc",
}
_SYMBOLS: Mapping[str, str] = {
    "input_memory": "inputs",
    "output_memory": "outputs",
    "packet": "packet",
    "ring": "ring",
    "arena": "arena",
    "mtvm_kernel_window": "window",
    "heap": "tensor_heap",  # of TVM's own RPC server
    "z_main_stack": "stack",  # Zephyr's
}
_CONSTANT = re.compile(r"(?!tvmgen_).*(constant|_const_|_param_\d)|pool_|\(\.rodata\.tvm")
_HOSTED = ("flash", "ram")  # of this computer's firmware, as in the preflight table
# Constants that the loader relocates, or whose section TVM made writable.
_READ_ONLY = (".rodata", ".data.rel.ro")
_ESTIMATED = frozenset({"model_code", "own_code", "libraries"})
_ROUNDED = frozenset({"base", "rpc"})


@dataclass(frozen=True)
class LinkedNeed:
    """Bytes that something was to take in a memory, and those that it took."""

    memory: str
    what: str
    kind: str
    needed_bytes: int
    linked_bytes: int

    @property
    def why(self) -> str:
        """Where a difference comes from."""
        if self.needed_bytes == self.linked_bytes:
            return ""
        if self.kind in _ESTIMATED:
            return "estimated from the C code" if self.needed_bytes else "not estimated"
        if self.kind == "stack" and self.linked_bytes:
            return "as the compiler's stack report says"
        if self.kind in _ROUNDED:
            return "rounded up" if self.needed_bytes > self.linked_bytes else "more than measured"
        if self.needed_bytes == 0:
            return "files or options of yours"
        return "alignment" if self.linked_bytes else "not used, so not linked"


def linked_needs(
    project: Project, firmware: Path, board_memories: Sequence[Memory]
) -> tuple[LinkedNeed, ...]:
    """Every kind of need in every memory of the board, in the order of the preflight table.

    `board_memories`: the platform's; without any, on this computer, they are called flash and ram.
    Empty where the project's table has no kinds. Raises ProjectError when the ELF or its link map
    can't be read.
    """
    memories = [memory.name for memory in board_memories] or list(_HOSTED)
    needs = [need for need in project.manifest.memory if need.kind is not NeedKind.OTHER]
    if not needs:
        return ()
    needed: dict[tuple[str, str], int] = {}
    # A project that was made where there was no Zephyr calls them flash and ram.
    names = {name.lower(): name for name in memories}
    for need in needs:
        key = names.get(need.memory.lower(), need.memory), need.kind.value
        needed[key] = needed.get(key, 0) + need.size_bytes
    linked = linked_sizes(project, firmware, board_memories)
    order = list(WORDS)
    keys = sorted(
        needed.keys() | linked.keys(),
        key=lambda k: (memories.index(k[0]) if k[0] in memories else 99, order.index(k[1])),
    )
    return tuple(
        LinkedNeed(memory, WORDS[kind], kind, needed.get(key, 0), linked.get(key, 0))
        for key in keys
        for memory, kind in [key]
    )


def linked_sizes(
    project: Project, firmware: Path, board_memories: Sequence[Memory]
) -> dict[tuple[str, str], int]:
    """Bytes of `firmware` by memory and kind of need."""
    flash = {memory.name for memory in board_memories if "ram" not in memory.use}
    linked: dict[tuple[str, str], int] = {}
    for piece in footprint(project, firmware, board_memories):
        memory = piece.memory if board_memories else _hosted_memory(piece)
        key = memory, _kind(piece, in_flash=memory in flash or memory == _HOSTED[0])
        linked[key] = linked.get(key, 0) + piece.size
    return linked


def _hosted_memory(piece: Piece) -> str:
    constant = piece.memory == "text" or piece.section.startswith(_READ_ONLY)
    return _HOSTED[0] if constant else _HOSTED[1]


def _kind(piece: Piece, *, in_flash: bool) -> str:
    if piece.section == ".stack":
        return "stack"
    if in_flash:
        if piece.symbol == "mtvm_samples":
            return "samples"
        if piece.part != "platform" and _CONSTANT.match(piece.symbol):
            return "constants"
        return {"model": "model_code", "libc": "libraries"}.get(piece.part, "own_code")
    if piece.symbol in _SYMBOLS:
        return _SYMBOLS[piece.symbol]
    for side in ("inputs", "outputs"):
        if piece.symbol.endswith(f"_{side}"):
            return side
    if piece.part == "rpc":
        return "tensor_heap" if piece.symbol == "memory" else "rpc"
    return "activations" if piece.part == "model" else "base"


def refuse_oversize(firmware: Path, memories: Iterable[Memory]) -> None:
    """Raises ProjectError when `firmware` takes more of a memory than the board has, or lies
    outside of all of them: such an image would be cut off, or never run."""
    listed = list(memories)
    if not listed:
        return
    use = memory_use(firmware, listed)
    wrong = [m for m in use if m.used_bytes > (0 if m.size_bytes is None else m.size_bytes)]
    if not wrong:
        return
    raise ProjectError(
        f"{firmware} doesn't fit the board; it is not flashed.",
        details=[
            f"{m.used_bytes} B lie outside the board's memories"
            if m.memory == ELSEWHERE
            else f"{m.memory}: needed {m.used_bytes} B, available {m.size_bytes} B"
            for m in wrong
        ],
        hint="build the project again; or correct the memories in its board.yaml",
    )
