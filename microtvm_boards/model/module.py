"""What a Model Library Format tar says, as types. Nothing here knows boards, platforms or TVM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


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
class Quantization:
    """real = scale * (stored - zero_point)."""

    scale: float
    zero_point: int


@dataclass(frozen=True)
class Tensor:
    """One input or output. `shape` is None when the MLF gives sizes alone (see `Module.notes`)."""

    name: str
    dtype: str  # TVM's spelling: int8, uint8, float32, bool, ...
    shape: tuple[int, ...] | None
    size_bytes: int
    quantization: Quantization | None = None  # one scale for all
    quantized_axis: int | None = None  # a scale for each index of this dimension; not in the MLF


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
class Param:
    """One constant of a graph-executor module, from parameters/<mod>.params."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class GraphEntry:
    """One tensor of the graph: output `index` of node `node`."""

    node: int
    index: int
    dtype: str
    shape: tuple[int, ...]
    storage_id: int


@dataclass(frozen=True)
class GraphNode:
    """op == "null" is an input or a parameter; op == "tvm_op" calls `function`."""

    name: str
    op: str
    function: str  # "" for null nodes; "__nop" passes its input through
    inputs: tuple[int, ...]  # indices into Graph.entries
    outputs: tuple[int, ...]  # likewise
    flatten_data: bool = False


@dataclass(frozen=True)
class Graph:
    """The graph executor's JSON, resolved: nodes in order of execution, entries, and outputs."""

    nodes: tuple[GraphNode, ...]
    entries: tuple[GraphEntry, ...]
    outputs: tuple[int, ...]  # indices into `entries`


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
    # Static buffers that the generated code carries itself (USMP); they need no arena.
    static_workspace_bytes: int
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
    static_buffers: tuple[StaticBuffer, ...] = ()  # static_workspace_bytes, one by one
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
    has_crt: bool  # runtime/ holds TVM's standalone_crt
    # Functions of TVM's C ABI that the generated code calls, e.g. TVMBackendAllocWorkspace. LLVM's
    # objects may call through pointers that must be defined: then also __TVMBackendAllocWorkspace.
    runtime_calls: frozenset[str]
    files: Mapping[str, bytes] = field(repr=False)  # every regular member by normalized path

    def module(self, name: str) -> Module:
        for module in self.modules:
            if module.name == name:
                return module
        raise KeyError(name)


DTYPE_BYTES: Mapping[str, int] = {
    "bool": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "uint16": 2,
    "float16": 2,
    "int32": 4,
    "uint32": 4,
    "float32": 4,
    "int64": 8,
    "uint64": 8,
    "float64": 8,
}
