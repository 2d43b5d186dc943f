"""What a model is, as plain data: tensors, types, quantization, graph. Knows no tar, no board."""

from microtvm_boards.model.module import (
    DTYPE_BYTES,
    EntryPoint,
    Executor,
    Graph,
    GraphEntry,
    GraphNode,
    Interface,
    Model,
    Module,
    Operator,
    Param,
    Pool,
    Quantization,
    StaticBuffer,
    Style,
    Tensor,
)

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
