"""The plan of a project, as types: every decision, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from microtvm_boards.model import Module, Tensor
from microtvm_boards.project.plan.graph import GraphPlan


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
    library: int = 0  # number of its model library in Plan.libraries
    renames: tuple[tuple[str, str], ...] = ()  # C symbols that another library has too

    @property
    def upper(self) -> str:
        return self.c_name.upper()

    @property
    def section_suffix(self) -> str:
        """Ends the names of input sections that are this model's alone."""
        return f"model_{self.c_name}"

    @property
    def scratch_pools(self) -> tuple[PoolPlan, ...]:
        """Those that a caller can bring: all but constants."""
        return tuple(pool for pool in self.pools if not pool.constant_data)

    @property
    def tensors(self) -> tuple[TensorPlan, ...]:
        return self.inputs + self.outputs


@dataclass(frozen=True)
class CrtServer:
    """TVM's own RPC server: its heap in pages of 2**page_bits bytes, limits to compile it with."""

    page_bits: int
    tensor_pages: int  # RpcSettings.tensor_heap_bytes
    packet_pages: int
    state_pages: int
    registry_bytes: int
    most_dimensions: int
    most_arguments: int
    longest_name: int  # bytes, of a function

    @property
    def pages(self) -> int:
        return self.tensor_pages + self.packet_pages + self.state_pages


class BufferKind(Enum):
    """What a static buffer is. The value is its part of a section's name."""

    GENERATED = "generated"  # TVM's code declares it (USMP)
    POOL = "pool"  # of the C interface: ours, its caller's
    STORAGE = "storage"  # a graph's tensors
    ARENA = "arena"  # what TVMBackendAllocWorkspace hands out
    TENSOR_HEAP = "tensor_heap"  # of entry point packed
    CONSTANTS = "constants"  # in TVM's code
    CONSTANT_POOL = "constant_pool"  # of the C interface
    PARAMS = "params"  # a graph's parameters


@dataclass(frozen=True)
class Buffer:
    """Static memory that the option `pools` can place, and where it lies."""

    kind: BufferKind
    pool: str  # its name in the option
    owner: int | None  # number of its model; None: all models'
    size_bytes: int  # rounded up to the alignment; of constants exact
    memory: str = ""
    overlaps: bool = False  # with the activations of other models in the same memory
    section: str = ""  # input section; "" where the linker's default rules place it

    @property
    def constant(self) -> bool:
        kinds = (BufferKind.CONSTANTS, BufferKind.CONSTANT_POOL, BufferKind.PARAMS)
        return self.kind in kinds


class Origin(Enum):
    """Where the bytes of a file come from; `PlannedFile.source` says which."""

    COPY = "copy"  # template_project/<source>
    RENDER = "render"  # template_project/<source>, a jinja2 template
    MODEL = "model"  # member <source> of the MLF, untouched
    DATA = "data"  # made by render.py, function <source>
    LIBRARY = "library"  # the tar of model library number PlannedFile.library
    CRT = "crt"  # <source> of TVM's standalone_crt
    CMSIS = "cmsis"  # a file of CMSIS
    EXTRA = "extra"  # member <source> of extra_files_tar
    BYTES = "bytes"  # PlannedFile.data


@dataclass(frozen=True)
class PlannedFile:
    """One file of the project and why it is there."""

    path: str
    origin: Origin
    source: str
    reason: str
    module: int | None = None  # the module that a template is rendered for
    library: int = 0  # the model library of Plan.libraries that `source` is a member of
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class StackPlan:
    """The main stack. A build that measures its worst case gives it another size, at least
    `least_bytes`; None: it stays as it is."""

    size_bytes: int  # 0: the platform's own (host)
    least_bytes: int | None = None
    estimated: bool = False


HOSTED_STACK = StackPlan(0)
