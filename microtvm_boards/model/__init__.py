"""What a model is, as plain data: tensors, types, quantization, graph. Knows no tar, no board."""

from microtvm_boards.model.graph import Graph, GraphEntry, GraphNode, Param
from microtvm_boards.model.module import (
    EntryPoint,
    Executor,
    Interface,
    Model,
    Module,
    Operator,
    Pool,
    StaticBuffer,
    Style,
)
from microtvm_boards.model.tensor import DTYPE_BYTES, Quantization, Tensor

__all__ = [
    "DTYPE_BYTES",
    "EntryPoint",
    "Executor",
    "Graph",
    "GraphEntry",
    "GraphNode",
    "Interface",
    "Model",
    "Module",
    "Operator",
    "Param",
    "Pool",
    "Quantization",
    "StaticBuffer",
    "Style",
    "Tensor",
]
