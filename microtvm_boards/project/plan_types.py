"""The plan of a project, as types: every decision, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass

from microtvm_boards.boards import Board
from microtvm_boards.mlf import Model, Module, Tensor
from microtvm_boards.project.options import ProjectOptions


@dataclass(frozen=True)
class TensorPlan:
    """A tensor with the C names that it gets."""

    tensor: Tensor
    c_name: str  # field of struct mtvm_<model>_inputs or _outputs, unique and no keyword
    macro: str  # MTVM_<MODEL>_<TENSOR>_SIZE without the _SIZE
    tvm_field: str  # field of TVM's own struct (C interface), as TVM spells it


@dataclass(frozen=True)
class Buffer:
    """A static buffer that the project lays out itself."""

    name: str
    size_bytes: int


@dataclass(frozen=True)
class ModulePlan:
    module: Module
    c_name: str  # mtvm_<c_name>_run
    inputs: tuple[TensorPlan, ...]
    outputs: tuple[TensorPlan, ...]
    keywords: tuple[str, ...]  # C keywords among TVM's field names, see render


@dataclass(frozen=True)
class MemoryNeed:
    """One line of the preflight table: bytes that something takes in a memory."""

    memory: str
    what: str
    size_bytes: int


@dataclass(frozen=True)
class PlannedFile:
    """Why a file is in the project. `template` is relative to template_project/; None: rendered."""

    path: str
    reason: str
    template: str | None = None


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
    needs: tuple[MemoryNeed, ...]
    files: tuple[PlannedFile, ...]
