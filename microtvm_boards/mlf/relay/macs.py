"""How many multiply-accumulates the convolutions and dense layers of a model take."""

from __future__ import annotations

import math
from dataclasses import dataclass

from microtvm_boards.mlf.relay.text import Call, RelayMain
from microtvm_boards.mlf.relay.types import PartialType, infer_type, infer_types

# The attribute that says how many outputs share one position of the weights.
_CHANNELS = {"conv2d": "channels", "dense": "units"}


@dataclass(frozen=True)
class MacLayer:
    kind: str  # conv2d or dense
    outputs: int  # elements
    weights: int  # elements
    macs: int


def mac_layers(main: RelayMain) -> tuple[MacLayer, ...]:
    """The layers in the order of the text; those whose shapes don't follow from it are left out."""
    known = infer_types(main)
    expressions = [*main.assignments.values(), *main.results]
    found = []
    for expression in expressions:
        call = main.call(expression)
        kind = "" if call is None else call.op.removeprefix("qnn.").removeprefix("nn.")
        # A result that is a variable was seen with its assignment.
        if call is None or kind not in _CHANNELS or expression in main.assignments:
            continue
        layer = _layer(kind, call, infer_type(expression, known), known)
        if layer is not None:
            found.append(layer)
    return tuple(found)


def _layer(
    kind: str, call: Call, result: PartialType | None, known: dict[str, PartialType]
) -> MacLayer | None:
    weight = infer_type(call.args[1], known) if len(call.args) > 1 else None
    channels = call.attrs.get(_CHANNELS[kind], "")
    outputs, weights = _elements(result), _elements(weight)
    if outputs is None or weights is None or not channels.isdigit() or int(channels) == 0:
        return None
    # Each output takes one pass over the weights of its channel, groups and depthwise too.
    return MacLayer(kind, outputs, weights, outputs * weights // int(channels))


def _elements(found: PartialType | None) -> int | None:
    if found is None or any(d is None for d in found.shape):
        return None
    return math.prod(d or 0 for d in found.shape)
