"""The plan of a project, as types: every decision, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from microtvm_boards.boards import Board
from microtvm_boards.mlf import Model, Module, Tensor
from microtvm_boards.project.attachments import Attachments
from microtvm_boards.project.graph_plan import GraphPlan
from microtvm_boards.project.manifest import RpcSettings
from microtvm_boards.project.options import ProjectOptions


@dataclass(frozen=True)
class TensorPlan:
    """A tensor with the C names that it gets."""

    tensor: Tensor
    c_name: str  # field of struct mtvm_<model>_inputs or _outputs, unique and no keyword
    macro: str  # MTVM_<MODEL>_<TENSOR>_SIZE
    tvm_field: str  # field of TVM's own struct (C interface), as TVM spells it


@dataclass(frozen=True)
class PoolPlan:
    """A workspace pool that the C interface takes from its caller: a static array of ours."""

    field: str  # of TVM's struct tvmgen_<m>_workspace_pools
    size_bytes: int
    constant_data: str  # macro of TVM's header with the initial bytes; "" for scratch memory


@dataclass(frozen=True)
class ModulePlan:
    module: Module
    c_name: str  # mtvm_<c_name>_run
    inputs: tuple[TensorPlan, ...]
    outputs: tuple[TensorPlan, ...]
    pools: tuple[PoolPlan, ...]
    graph: GraphPlan | None
    keywords: tuple[str, ...]  # C keywords among TVM's field names, see mtvm_keywords.h

    @property
    def upper(self) -> str:
        return self.c_name.upper()

    @property
    def tensors(self) -> tuple[TensorPlan, ...]:
        return self.inputs + self.outputs


@dataclass(frozen=True)
class MemoryNeed:
    """One line of the preflight table: bytes that something takes in a memory."""

    memory: str
    what: str
    size_bytes: int


class Origin(Enum):
    """Where the bytes of a file come from; `PlannedFile.source` says which."""

    COPY = "copy"  # template_project/<source>
    RENDER = "render"  # template_project/<source>, a jinja2 template
    MODEL = "model"  # member <source> of the MLF, untouched
    DATA = "data"  # made by render.py, function <source>
    CRT = "crt"  # <source> of TVM's standalone_crt
    EXTRA = "extra"  # member <source> of extra_files_tar


@dataclass(frozen=True)
class PlannedFile:
    """One file of the project and why it is there."""

    path: str
    origin: Origin
    source: str
    reason: str
    module: int | None = None  # the module that a template is rendered for


@dataclass(frozen=True)
class Plan:
    model: Model
    board: Board
    options: ProjectOptions
    platform: str
    entrypoint: str
    modules: tuple[ModulePlan, ...]
    alignment: int  # bytes; of every tensor and pool
    arena_bytes: int  # 0: no kernel asks for workspace
    stack_bytes: int  # 0: the platform's own (host)
    rpc: RpcSettings | None  # entry point packed
    attachments: Attachments
    needs: tuple[MemoryNeed, ...]
    files: tuple[PlannedFile, ...]
