"""What something takes in a memory."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class NeedKind(str, Enum):
    """What needs memory. What the linker made of it is told by the same names; values are those of
    project.json."""

    CONSTANTS = "constants"
    SAMPLES = "samples"
    MODEL_CODE = "model_code"
    OWN_CODE = "own_code"
    LIBRARIES = "libraries"  # libc, libm, libgcc
    ACTIVATIONS = "activations"
    ARENA = "arena"  # workspace of kernels
    TENSOR_HEAP = "tensor_heap"
    WINDOW = "window"  # for kernels that come while the firmware runs
    INPUTS = "inputs"
    OUTPUTS = "outputs"
    PACKET = "packet"
    RING = "ring"
    RPC = "rpc"
    STACK = "stack"
    BASE = "base"  # start-up code, port, libc, operating system
    OTHER = ""


@dataclass(frozen=True)
class MemoryNeed:
    """One line of the preflight table: bytes that something takes in a memory."""

    memory: str
    what: str
    size_bytes: int
    kind: NeedKind = NeedKind.OTHER
    estimate: bool = False  # of code; all others are exact, or rounded up
