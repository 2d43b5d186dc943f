"""Turns a graph executor's JSON into straight calls and static storage, at generation time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod

from microtvm_boards.errors import ModelError
from microtvm_boards.model import DTYPE_BYTES, Graph, Module
from microtvm_boards.model.graph import NOP


@dataclass(frozen=True)
class GraphTensor:
    """One DLTensor. `where` is input, output, param or storage; `slot` the number or name there."""

    name: str
    where: str
    slot: int | str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class GraphCall:
    function: str
    arguments: tuple[str, ...]  # names of GraphTensors, inputs then outputs


@dataclass(frozen=True)
class GraphCopy:
    """An output that no call writes: it is copied from another tensor."""

    source: str
    output: int


@dataclass(frozen=True)
class GraphPlan:
    storage: tuple[tuple[int, int], ...]  # (storage id, bytes)
    tensors: tuple[GraphTensor, ...]  # only those that calls or copies use
    calls: tuple[GraphCall, ...]
    copies: tuple[GraphCopy, ...]
    params: tuple[str, ...]  # those that are used

    @property
    def functions(self) -> tuple[str, ...]:
        """The operator functions, each once, in the order of their first call."""
        return tuple(dict.fromkeys(call.function for call in self.calls))


@dataclass(frozen=True)
class GraphKernel:
    """An operator function and the sizes of the tensors that it takes."""

    function: str  # its name in the firmware
    bytes: tuple[int, ...]


def graph_kernels(
    plans: Iterable[GraphPlan], renames: Mapping[str, str] = {}
) -> tuple[GraphKernel, ...]:
    """The operators of all graphs, each once. `renames`: C symbols with other names in the
    firmware."""
    kernels: dict[str, GraphKernel] = {}
    for plan in plans:
        sizes = {t.name: prod(t.shape) * DTYPE_BYTES[t.dtype] for t in plan.tensors}
        for call in plan.calls:
            taken = tuple(sizes[name] for name in call.arguments)
            name = renames.get(call.function, call.function)
            kernels.setdefault(name, GraphKernel(name, taken))
    return tuple(kernels.values())


def host_storage_bytes(graph: Graph) -> tuple[int, ...]:
    """What TVM's graph executor allocates when it runs on the host and drives the operators: one
    block for each storage id, parameters too (v0.16 graph_executor.cc, SetupStorage)."""
    sizes: dict[int, int] = {}
    for entry in graph.entries:
        sizes[entry.storage_id] = max(sizes.get(entry.storage_id, 0), entry.size_bytes)
    return tuple(sizes.values())


def plan_graph(module: Module) -> GraphPlan:
    """Places every entry of `module.graph`: inputs and outputs at the caller's buffers, parameters
    in flash, the rest in static storage that entries share as TVM planned it.

    Raises ModelError when the graph names an input that is neither an input nor a parameter.
    """
    graph = module.graph
    if graph is None:
        raise ModelError(f'Module "{module.name}" has no graph.')
    places = _places(graph, module)
    return _Planner(graph, places).plan()


def _places(graph: Graph, module: Module) -> dict[int, tuple[str, int | str]]:
    """Where each entry's data lies: entry -> (where, slot)."""
    inputs = {tensor.name: i for i, tensor in enumerate(module.inputs)}
    params = {param.name for param in module.params}
    places: dict[int, tuple[str, int | str]] = {}
    alias: dict[int, int] = {}  # output of a nop -> the entry whose memory it is
    for node in graph.nodes:
        if node.op == "null":
            entry = node.outputs[0]
            if node.name in params:
                places[entry] = ("param", node.name)
            elif node.name in inputs:
                places[entry] = ("input", inputs[node.name])
            else:
                raise ModelError(
                    f'The graph of module "{module.name}" reads "{node.name}", which is neither '
                    "an input nor in its parameters.",
                    hint="export the model again",
                )
            continue
        for entry in node.outputs:
            places[entry] = ("storage", graph.entries[entry].storage_id)
        if node.function == NOP:
            alias[node.outputs[0]] = alias.get(node.inputs[0], node.inputs[0])
    for number, entry in enumerate(graph.outputs):
        root = alias.get(entry, entry)
        if places[root][0] == "storage":
            # Only this entry (and its nops) moves to the caller's buffer, not the whole storage id:
            # the id may serve other entries before.
            places[root] = ("output", number)
    for entry, root in alias.items():
        places[entry] = places[root]
    return places


class _Planner:
    def __init__(self, graph: Graph, places: dict[int, tuple[str, int | str]]) -> None:
        self.graph = graph
        self.places = places
        self.tensors: dict[str, GraphTensor] = {}
        self.storage: dict[int, int] = {}
        self.params: dict[str, None] = {}

    def plan(self) -> GraphPlan:
        calls = tuple(
            GraphCall(
                node.function,
                tuple(self._use(e, node.flatten_data) for e in node.inputs + node.outputs),
            )
            for node in self.graph.nodes
            if node.op != "null" and node.function != NOP
        )
        copies = tuple(
            GraphCopy(self._use(entry, False), number)
            for number, entry in enumerate(self.graph.outputs)
            if self.places[entry] != ("output", number)
        )
        return GraphPlan(
            storage=tuple(sorted(self.storage.items())),
            tensors=tuple(sorted(self.tensors.values(), key=lambda t: int(t.name.split("_")[1]))),
            calls=calls,
            copies=copies,
            params=tuple(self.params),
        )

    def _use(self, index: int, flatten: bool) -> str:
        """Notes that a call or copy uses entry `index`; returns the name of its DLTensor."""
        entry = self.graph.entries[index]
        name = f"tensor_{index}_flat" if flatten else f"tensor_{index}"
        if name in self.tensors:
            return name
        where, slot = self.places[index]
        shape = (prod(entry.shape),) if flatten else entry.shape
        self.tensors[name] = GraphTensor(name, where, slot, entry.dtype, shape)
        if where == "storage":
            # A storage id is as large as the largest entry that lives in it.
            self.storage[int(slot)] = max(
                e.size_bytes
                for i, e in enumerate(self.graph.entries)
                if self.places.get(i) == (where, slot)
            )
        elif where == "param":
            self.params[str(slot)] = None
        return name
