"""Which layer of the model an operator computes, and its multiply-accumulates."""

from __future__ import annotations

import re

from microtvm_boards.mlf import load
from microtvm_boards.mlf.c.text import decode
from microtvm_boards.mlf.relay.macs import MacLayer, mac_layers
from microtvm_boards.mlf.relay.text import parse_relay
from microtvm_boards.model import DTYPE_BYTES
from microtvm_boards.model.schedule import OperatorCall, Schedule
from microtvm_boards.project.project import Project

# A function that TVM handed to a library or accelerator (BYOC): it may compute several layers.
_LIBRARY = re.compile(r"_main_\d+$")


def macs_of_calls(project: Project, model: int, schedule: Schedule) -> tuple[int | None, ...]:
    """For every call of `schedule`; 0 for operators that are no convolution or dense layer.

    None where the model's relay text doesn't say, or no layer has the operator's size.
    """
    library = load(project.directory / project.models[model].library)
    files, module = library.files, library.modules[project.place_in_library(model)]
    name = next((n for n in (f"src/{module.name}.relay", "src/relay.txt") if n in files), None)
    main = None if name is None else parse_relay(decode(files[name]))
    layers = [] if main is None else list(mac_layers(main))
    found: list[int | None] = []
    for call in schedule.calls:
        if _LIBRARY.search(call.function):
            found.append(None)
            continue
        if not any(kind in call.function for kind in ("conv2d", "dense")):
            found.append(0)
            continue
        layer = next((layer for layer in layers if _computes(schedule, call, layer)), None)
        if layer is not None:
            layers.remove(layer)
        found.append(None if layer is None else layer.macs)
    return tuple(found)


def _computes(schedule: Schedule, call: OperatorCall, layer: MacLayer) -> bool:
    """Whether kind, number of outputs and of weights agree: layouts and types may differ."""
    sizes = []
    for _, value in call.writes:
        written = schedule.values[value]
        item = DTYPE_BYTES.get(written.dtype or "")
        if written.size_bytes is not None and item is not None:
            sizes.append(written.size_bytes // item)
    return (
        layer.kind in call.function
        and layer.outputs in sizes
        and layer.weights in [constant.elements for constant in call.constants]
    )
