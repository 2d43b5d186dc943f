"""Puts together what the parts of an MLF say about inputs and outputs.

Names and sizes come from metadata.json, whose JSON keys are sorted; so their order comes from
whatever is written in the order of the entry's arguments: the graph's nodes, the C interface's
structs, the packed interface's tables, or the relay text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from microtvm_boards.mlf.c.header import CHeader
from microtvm_boards.mlf.checks import Malformed, as_str
from microtvm_boards.mlf.code import Tables
from microtvm_boards.mlf.metadata import IoTensor, ModuleMetadata
from microtvm_boards.mlf.relay.quantization import (
    input_axis,
    input_quantization,
    output_axis,
    output_quantization,
)
from microtvm_boards.mlf.relay.text import RelayMain, TensorType
from microtvm_boards.mlf.relay.types import PartialType, infer_results
from microtvm_boards.model import DTYPE_BYTES, Graph, Quantization, Tensor


@dataclass(frozen=True)
class Sources:
    metadata: ModuleMetadata
    header: CHeader | None = None
    tables: Tables | None = None
    graph: Graph | None = None
    graph_inputs: tuple[int, ...] = ()  # nodes
    relay: RelayMain | None = None
    param_names: frozenset[str] = frozenset()  # of parameters/<mod>.params
    entry_args: int | None = None  # inputs and outputs together, where the code shows it


@dataclass
class Tensors:
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Facts:
    """What is known of one tensor so far."""

    name: str
    dtype: str = ""
    shape: tuple[int, ...] | None = None
    size: int | None = None

    def add(self, found: TensorType | IoTensor | None, what: str) -> _Facts:
        """Takes over what isn't known yet. Raises Malformed at a contradiction."""
        if found is None:
            return self
        if self.dtype and found.dtype != self.dtype:
            raise Malformed(f'{what} "{self.name}" is {self.dtype} and {found.dtype}')
        facts = replace(self, dtype=found.dtype)
        if isinstance(found, IoTensor):
            return replace(facts, size=found.size_bytes)
        if found.shape is None or self.shape not in (None, found.shape):
            raise Malformed(f'{what} "{self.name}" has no one fixed shape')
        return replace(facts, shape=found.shape)


def merge_tensors(sources: Sources) -> Tensors:
    """Inputs and outputs in the order of the entry's arguments, and what stays open as notes.

    Raises Malformed when the sources contradict each other, or don't give a tensor's size.
    """
    result = Tensors()
    outputs = _outputs(sources, result.notes)
    inputs = _inputs(sources, len(outputs), result.notes)
    relay = sources.relay
    result.inputs = tuple(
        _tensor(
            f,
            "input",
            input_quantization(relay, f.name, f.dtype) if relay else None,
            input_axis(relay, f.name, f.dtype) if relay else None,
            result.notes,
        )
        for f in inputs
    )
    if relay and len(relay.results) != len(outputs):
        relay = None
    result.outputs = tuple(
        _tensor(
            f,
            "output",
            output_quantization(relay, i, f.dtype) if relay else None,
            output_axis(relay, i, f.dtype) if relay else None,
            result.notes,
        )
        for i, f in enumerate(outputs)
    )
    return result


def sanitized(name: str) -> str:
    """TVM's SanitizeName: what a tensor is called in structs and tables."""
    return re.sub(r"[^A-Za-z0-9]", "_", name)


def _inputs(sources: Sources, outputs: int, notes: list[str]) -> list[_Facts]:
    facts = [
        _Facts(name, *((t.dtype, t.shape) if t else ()))
        for name, t in _ordered_inputs(sources, outputs, notes)
    ]
    listed = sources.metadata.inputs
    named = []
    if listed is not None:
        entries = _by_spelling(listed, [f.name for f in facts])
        if entries is None:
            raise Malformed(
                f"the code has the inputs {[f.name for f in facts]}, "
                f"metadata.json has {[t.name for t in listed]}"
            )
        for f, entry in zip(facts, entries, strict=True):
            named.append(replace(f, name=entry.name).add(entry, "input"))
        facts = named
    if sources.relay is not None:
        facts = [f.add(_relay_type(sources.relay, f.name, listed is None), "input") for f in facts]
    return [_with_header_size(sources, f) for f in facts]


def _by_spelling(listed: Sequence[IoTensor], names: Sequence[str]) -> list[IoTensor] | None:
    """The tensors of metadata.json in the order of `names`, which may be sanitized ones.

    None when the names aren't the same, one by one.
    """
    for spell in (str, sanitized):
        by_name = {spell(t.name): t for t in listed}
        keys = [spell(name) for name in names]
        if len(keys) == len(listed) == len(by_name) and set(keys) == set(by_name):
            return [by_name[key] for key in keys]
    return None


def _ordered_inputs(
    sources: Sources, outputs: int, notes: list[str]
) -> Sequence[tuple[str, TensorType | None]]:
    if sources.graph is not None:
        graph = sources.graph
        nodes = [graph.nodes[i] for i in sources.graph_inputs]
        entries = [graph.entries[node.outputs[0]] for node in nodes]
        return [
            (node.name, TensorType(entry.dtype, entry.shape))
            for node, entry in zip(nodes, entries, strict=True)
        ]
    if sources.header is not None:
        return [(name, None) for name in sources.header.inputs]
    if sources.tables is not None:
        return sources.tables.inputs
    return _relay_inputs(sources, outputs, notes)


def _relay_inputs(
    sources: Sources, outputs: int, notes: list[str]
) -> list[tuple[str, TensorType | None]]:
    """From the parameters of @main, which also has the weights."""
    listed, relay = sources.metadata.inputs, sources.relay
    if relay is None:
        if listed is None:
            raise Malformed("nothing in it names the inputs: neither metadata.json nor relay text")
        if len(listed) > 1:
            notes.append(_order_note("inputs", [t.name for t in listed]))
        return [(t.name, None) for t in listed]
    if listed is not None:
        places = list(relay.params)
        printed = {t.name: relay.param(t.name) for t in listed}
        if None in printed.values():
            notes.append(_order_note("inputs", [t.name for t in listed]))
            return [(t.name, None) for t in listed]
        return [(n, None) for n in sorted(printed, key=lambda n: places.index(printed[n] or ""))]
    names = [n for n in relay.params if n not in sources.param_names]
    if sources.entry_args is not None and len(names) != sources.entry_args - outputs:
        names = names[: max(sources.entry_args - outputs, 0)]
        notes.append(
            f"The inputs are taken to be the first parameters of the relay text, {names}; "
            "this MLF doesn't say which of them are weights."
        )
    return [(n, None) for n in names]


def _outputs(sources: Sources, notes: list[str]) -> list[_Facts]:
    relay, listed = sources.relay, sources.metadata.outputs
    types = _positional_outputs(sources)
    counts = {len(x) for x in (types, listed, sources.header and sources.header.outputs) if x}
    if len(counts) > 1:
        raise Malformed(f"its parts disagree on the number of outputs: {sorted(counts)}")
    count = counts.pop() if counts else len(relay.results) if relay else 0
    if count == 0:
        raise Malformed("nothing in it names the outputs")
    facts = []
    for index, f in enumerate(_named_outputs(sources, count, types, notes)):
        if types:
            f = f.add(types[index], "output")
        facts.append(_with_header_size(sources, f))
    if relay is None or len(relay.results) != count:
        return facts
    if relay.result_types and len(relay.result_types) == count:
        pairs = zip(facts, relay.result_types, strict=True)
        return [f if f.shape is not None else f.add(t, "output") for f, t in pairs]
    inferred = infer_results(relay)
    return [_with_inferred(f, t, notes) for f, t in zip(facts, inferred, strict=True)]


def _positional_outputs(sources: Sources) -> tuple[TensorType, ...]:
    if sources.graph is not None:
        entries = [sources.graph.entries[i] for i in sources.graph.outputs]
        return tuple(TensorType(e.dtype, e.shape) for e in entries)
    return tuple(t for _, t in sources.tables.outputs) if sources.tables else ()


def _named_outputs(
    sources: Sources, count: int, types: tuple[TensorType, ...], notes: list[str]
) -> list[_Facts]:
    """In the order of the entry's arguments, with what metadata.json says."""
    listed = sources.metadata.outputs
    candidates: list[Sequence[str]] = []
    if sources.header is not None:
        candidates.append(sources.header.outputs)
    if sources.relay is not None and sources.relay.output_names:
        candidates.append(sources.relay.output_names)
    candidates.append(["output"] if count == 1 else [f"output{i}" for i in range(count)])
    if not listed:
        return [_Facts(name) for name in next(c for c in candidates if len(c) == count)]
    matches = (_by_spelling(listed, candidate) for candidate in candidates)
    ordered = next((m for m in matches if m is not None), None) or _by_type(listed, types)
    if ordered is None and count > 1:
        notes.append(_order_note("outputs", [t.name for t in listed]))
    return [_Facts(t.name).add(t, "output") for t in ordered or listed]


def _by_type(listed: Sequence[IoTensor], types: Sequence[TensorType]) -> list[IoTensor] | None:
    """In the order of `types`, when every output has a dtype and size of its own."""
    by_type = {(t.dtype, t.size_bytes): t for t in listed}
    keys = [(t.dtype, math.prod(t.shape or ()) * DTYPE_BYTES.get(t.dtype, 0)) for t in types]
    if len(by_type) == len(listed) and set(keys) == set(by_type):
        return [by_type[key] for key in keys]
    return None


def _order_note(kind: str, names: Sequence[str]) -> str:
    return (
        f"Nothing in this MLF says in which order the {kind} come; "
        f"they are taken in alphabetic order: {', '.join(names)}."
    )


def _relay_type(relay: RelayMain, name: str, is_field: bool) -> TensorType | None:
    """`is_field`: the name comes from a struct, and may be a sanitized one."""
    printed = relay.param(name)
    if printed is None and is_field:
        matches = [p for p in relay.params if name in (sanitized(p), sanitized(p[1:]))]
        printed = matches[0] if len(matches) == 1 else None
    return None if printed is None else relay.params[printed]


def _with_header_size(sources: Sources, f: _Facts) -> _Facts:
    if sources.header is None or f.size is not None:
        return f
    return replace(f, size=sources.header.sizes.get(sanitized(f.name)))


def _with_inferred(f: _Facts, inferred: PartialType | None, notes: list[str]) -> _Facts:
    if inferred is None or f.shape is not None:
        return f
    if f.size is None:
        shape = tuple(d for d in inferred.shape if d is not None)
        if not inferred.dtype or len(shape) < len(inferred.shape):
            return f
        notes.append(
            f'Only the operators of the relay text tell the type of output "{f.name}": '
            f"{inferred.dtype} {list(shape)}."
        )
        return replace(f, dtype=inferred.dtype, shape=shape)
    if f.dtype not in DTYPE_BYTES:
        return f
    return replace(f, shape=inferred.resolve(f.dtype, f.size // DTYPE_BYTES[f.dtype]))


def _tensor(
    f: _Facts,
    kind: str,
    quantization: Quantization | None,
    axis: int | None,
    notes: list[str],
) -> Tensor:
    what = f'{kind} "{as_str(f.name, f"the name of an {kind}")}"'
    if not f.name:
        raise Malformed(f"an {kind} has no name")
    if not f.dtype or (f.shape is None and f.size is None):
        raise Malformed(
            f"nothing in it says how large {what} is; TVM writes that from 0.11 on, and before "
            "when the model went through relay.transform.InferType"
        )
    if f.dtype not in DTYPE_BYTES:
        raise Malformed(f"{what} has the data type {f.dtype}; known are {', '.join(DTYPE_BYTES)}")
    size = f.size
    if f.shape is not None:
        expected = math.prod(f.shape) * DTYPE_BYTES[f.dtype]
        if size not in (None, expected):
            raise Malformed(f"{what} has {size} bytes, which is not {f.dtype} {list(f.shape)}")
        size = expected
    else:
        notes.append(f"The MLF doesn't give the shape of {what}, only its {size} bytes.")
    if not size:
        raise Malformed(f"{what} has no elements")
    if axis is not None:
        rank = len(f.shape or ())
        axis = axis + rank if axis < 0 else axis
        axis = axis if 0 <= axis < rank else None
        notes.append(f"{what} is quantized per channel; the MLF doesn't give its scales.")
    return Tensor(f.name, f.dtype, f.shape, size, quantization, axis)
