"""A model library: its models, how each is called, and the memory that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from microtvm_boards.model.graph import Graph, Param
from microtvm_boards.model.tensor import Tensor


class Executor(str, Enum):
    """Who calls the operators: a graph JSON, or code that TVM generated ahead of time."""

    GRAPH = "graph"
    AOT = "aot"


class Style(str, Enum):
    FULL_MODEL = "full-model"
    OPERATOR = "operator"  # what autotuning exports: kernels without an executor


class Interface(str, Enum):
    """The calling convention of a module's own entry function."""

    C = "c"  # tvmgen_<m>_run(struct tvmgen_<m>_inputs *, struct tvmgen_<m>_outputs *, ...)
    PACKED = "packed"  # TVMBackendPackedCFunc: TVMValue arguments that point to DLTensors


@dataclass(frozen=True)
class Pool:
    """A pool that the caller of the C interface owns (USMP, tvmgen_<m>_workspace_pools)."""

    name: str  # field name in the struct
    size_bytes: int
    # Constants live here (ConstantMemoryPools): the macro in the header with their bytes, "0x..,"
    constant_data: str | None = None


@dataclass(frozen=True)
class StaticBuffer:
    """A buffer that the generated code carries itself (USMP): one workspace pool."""

    name: str  # of the pool and of the variable: global_workspace unless it was named
    size_bytes: int


@dataclass(frozen=True)
class Operator:
    """One generated operator function and the workspace that it asks for while it runs."""

    name: str
    workspace_bytes: int
    tensors: tuple[Tensor, ...] = ()  # operator-style MLFs only: the function's buffers


@dataclass(frozen=True)
class EntryPoint:
    symbol: str  # tvmgen_<m>_run; tvmgen_<m>___tvm_main__ where LLVM made all of the code
    interface: Interface
    # Inputs and outputs lie in the pools (tir.usmp.use_workspace_io): run takes the pools only, and
    # tvmgen_<m>_map_inputs and _map_outputs give the structs with the tensors' addresses.
    io_in_pools: bool = False


@dataclass(frozen=True)
class Module:
    """One model of the MLF."""

    name: str
    executor: Executor | None  # None in operator style
    entry: EntryPoint | None  # None for graph and operator style
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    workspace_bytes: int  # memory.functions.main: the whole module's, as TVM reports it
    # The largest workspace_bytes of all operators. In operator style, what all calls of
    # TVMBackendAllocWorkspace in the C code ask for together.
    kernel_workspace_bytes: int
    constants_bytes: int
    calls_workspace_alloc: bool  # the code calls TVMBackendAllocWorkspace: an arena is needed
    pools: tuple[Pool, ...]
    devices: tuple[str, ...]  # fields of tvmgen_<m>_devices
    operators: tuple[Operator, ...]
    targets: tuple[str, ...]
    sources: tuple[str, ...]  # members under codegen/host/{src,lib} that belong to this module
    header: str | None  # member codegen/host/include/tvmgen_<m>.h
    graph: Graph | None = None
    params: tuple[Param, ...] = ()
    notes: tuple[str, ...] = ()  # what the MLF leaves open, in words for the user
    static_buffers: tuple[StaticBuffer, ...] = ()  # they need no arena
    code_constants_bytes: int = 0  # of constants that the generated C holds
    alignment: int = 1  # of buffers and constants, as code and target ask for it

    @property
    def c_name(self) -> str:
        """TVM's mangled name: tvmgen_<c_name>_run."""
        return "".join(c if c.isalnum() and c.isascii() else "_" for c in self.name)


@dataclass(frozen=True)
class Model:
    """A Model Library Format tar."""

    path: Path
    sha256: str
    version: int
    style: Style
    tvm_version: str | None  # known when the MLF refers to TVM's CRT
    modules: tuple[Module, ...]
    system_lib: bool  # the code defines TVMSystemLibEntryPoint: usable over RPC
    # Functions of TVM's C ABI that the generated code calls, e.g. TVMBackendAllocWorkspace. LLVM's
    # objects may call through pointers that must be defined: then also __TVMBackendAllocWorkspace.
    runtime_calls: frozenset[str]
    files: Mapping[str, bytes] = field(repr=False)  # every regular member by normalized path

    def module(self, name: str) -> Module:
        for module in self.modules:
            if module.name == name:
                return module
        raise KeyError(name)
