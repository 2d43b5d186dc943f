"""The graph executor's graph: nodes, the tensors between them, and constants."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

from microtvm_boards.model.tensor import DTYPE_BYTES

NOP = "__nop"  # TVM's name of a reshape that moves nothing


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

    @property
    def size_bytes(self) -> int:
        return prod(self.shape) * DTYPE_BYTES[self.dtype]


@dataclass(frozen=True)
class GraphNode:
    """op == "null" is an input or a parameter; op == "tvm_op" calls `function`."""

    name: str
    op: str
    function: str  # "" for null nodes; NOP passes its input through
    inputs: tuple[int, ...]  # indices into Graph.entries
    outputs: tuple[int, ...]  # likewise
    flatten_data: bool = False


@dataclass(frozen=True)
class Graph:
    """The graph executor's JSON, resolved: nodes in order of execution, entries, and outputs."""

    nodes: tuple[GraphNode, ...]
    entries: tuple[GraphEntry, ...]
    outputs: tuple[int, ...]  # indices into `entries`
