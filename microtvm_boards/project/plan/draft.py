"""What is decided about a project: a draft, which the stages of plan.py fill in one after another,
and the plan, which is the finished one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from microtvm_boards.boards import Board
from microtvm_boards.model import Model
from microtvm_boards.project.inputs.attachments import Attachments, KernelHostPlan
from microtvm_boards.project.inputs.libraries import Library
from microtvm_boards.project.manifest import RpcSettings
from microtvm_boards.project.needs.code_size import CodeEstimate
from microtvm_boards.project.needs.need import MemoryNeed
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.plan.facts import TargetFacts
from microtvm_boards.project.plan.types import (
    HOSTED_STACK,
    Buffer,
    BufferKind,
    CrtServer,
    ModulePlan,
    PlannedFile,
    StackPlan,
)

# USMP's default for buffers of C kernels (v0.16 tir/usmp: kDefaultByteAlignment is 16).
ALIGNMENT_C = 16


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Fields are in the order in which they are decided; a stage reads those before its own."""

    model: Model  # of the first library
    board: Board
    options: ProjectOptions
    platform: str
    attachments: Attachments
    libraries: tuple[Library, ...]
    target: TargetFacts  # of the platform, for this board
    operators: bool = False  # no model: kernels that Python calls one by one
    alignment: int = ALIGNMENT_C  # bytes; of every tensor and pool
    modules: tuple[ModulePlan, ...] = ()
    arena_bytes: int = 0  # 0: no kernel asks for workspace, or it comes from the tensor heap
    libm: tuple[str, ...] = ()  # functions of math.h that are called
    rpc: RpcSettings | None = None  # entry point packed
    crt: CrtServer | None = None  # entry point packed, served by TVM's own RPC server
    stack: StackPlan = HOSTED_STACK
    code: CodeEstimate | None = None  # None: nothing was measured that it could follow from
    ring_bytes: int = 0  # of the port's receive ring, as far as it is RAM of the board's
    buffers: tuple[Buffer, ...] = ()
    needs: tuple[MemoryNeed, ...] = ()
    warnings: tuple[str, ...] = ()  # what may not fit

    @property
    def kernel_host(self) -> KernelHostPlan | None:
        return self.attachments.kernel_host

    @property
    def kernels_come(self) -> bool:
        """From the host, later, so that no build knows what they need."""
        return self.operators or self.kernel_host is not None

    @property
    def modules_with_files(self) -> list[tuple[ModulePlan, Mapping[str, bytes]]]:
        """Each module with the files of its library."""
        return [(m, self.libraries[m.library].model.files) for m in self.modules]

    def memory_name(self, use: str) -> str:
        """Where "flash" or "ram" is; `use` itself on a board that lists no memories."""
        memory = self.board.memory_for(use)
        return use if memory is None else memory.name

    def has_own_sections(self, module: ModulePlan) -> bool:
        """Whether the sections of TVM's code for the module get names of their own."""
        kinds, number = (BufferKind.GENERATED, BufferKind.CONSTANTS), self.modules.index(module)
        return any(b.section for b in self.buffers if b.owner == number and b.kind in kinds)


@dataclass(frozen=True, kw_only=True)
class Plan(Draft):
    """Every decision, before anything is written."""

    files: tuple[PlannedFile, ...]  # sorted by path
    context: Mapping[str, Any]  # what the platform's templates know beside the others
    trial: bool = False  # of tuning: kernels alone, without a firmware around them

    @property
    def entrypoint(self) -> str:
        return self.options.model_entrypoint_api

    @property
    def stack_bytes(self) -> int:
        """0: the platform's own (host)."""
        return self.stack.size_bytes
