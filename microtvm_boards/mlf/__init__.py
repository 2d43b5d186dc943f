"""Reads Model Library Format tars: `load(path) -> Model`."""

from microtvm_boards.mlf.load import load
from microtvm_boards.mlf.model import (
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
    "load",
]
