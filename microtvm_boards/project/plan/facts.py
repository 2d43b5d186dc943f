"""What planning goes by of a platform and a board. A platform's TargetPlan says it, once."""

from __future__ import annotations

from dataclasses import dataclass

ARM = "Arm"
# Of a board without memories that a pool is sent to one of: why, and what to do instead.
ONE_MEMORY = (
    "firmware of board {board} is a program of this computer, which has one memory for all.",
    "leave the option pools out: every pool lies in that memory",
)


@dataclass(frozen=True)
class Processor:
    """That kernels in object files, and CMSIS-NN's, have to be for.

    machine: what object_code calls its instruction set; None: not known. core: GCC's name without
    extensions; "": not known. cortex_m: whether it may be one.
    """

    machine: str | None
    core: str = ""
    cortex_m: bool = False
    ours: bool = False  # this computer's

    def __str__(self) -> str:
        if self.ours:
            return f"the processor of this computer, {self.machine}"
        return f"an {self.machine} {self.core}" if self.core else f"{self.machine}"


@dataclass(frozen=True)
class Reserve:
    """RAM that stays free for what only the linker knows, data of kernels and of libraries: one
    `share` of it, within bounds of bytes."""

    share: int
    least: int
    most: int

    def of(self, size: int) -> int:
        return min(max(size // self.share, self.least), self.most)


@dataclass(frozen=True)
class TargetFacts:
    """native: the firmware is an ordinary program of this computer: no limits of memory or stack.

    places_buffers: its linker script can. unknown_heap_bytes: the tensor heap of single operators
    where the RAM isn't known. no_memories: why a board lists none, and what to do; {board} is its
    name.
    """

    processor: Processor
    arch: str = "arm"  # as the platform calls it, or "unknown"
    native: bool = False
    places_buffers: bool = False
    reserve: Reserve = Reserve(16, 512, 8 << 10)
    unknown_heap_bytes: int = 32 << 10
    no_memories: tuple[str, str] = ONE_MEMORY
