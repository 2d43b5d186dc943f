"""Scale and zero point of inputs and outputs, where the relay text states them plainly.

The text rounds scales to six digits. Nothing is guessed: per-channel values, other operators and
contradictions give None.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TypeAlias

from microtvm_boards.mlf.relay.text import Call, RelayMain, parse_call
from microtvm_boards.model import Quantization

_QUANTIZED_DTYPES = ("int8", "uint8", "int16", "int32")

# Where an operator's arguments hold (scale, zero point): relay's definitions in
# python/tvm/relay/qnn/op/qnn.py, the same from 0.8 to 0.18.
_OUTPUT = {
    "qnn.quantize": (1, 2),
    "qnn.requantize": (3, 4),
    "qnn.add": (6, 7),
    "qnn.subtract": (6, 7),
    "qnn.mul": (6, 7),
}
_INPUT = {  # by operator and the data argument's place
    ("qnn.dequantize", 0): (1, 2),
    ("qnn.requantize", 0): (1, 2),
    ("qnn.conv2d", 0): (4, 2),
    ("qnn.dense", 0): (4, 2),
    ("qnn.add", 0): (2, 3),
    ("qnn.add", 1): (4, 5),
    ("qnn.subtract", 0): (2, 3),
    ("qnn.subtract", 1): (4, 5),
    ("qnn.mul", 0): (2, 3),
    ("qnn.mul", 1): (4, 5),
}
# They move or select stored values, and so keep their meaning.
_KEEPING = frozenset(
    "reshape squeeze expand_dims transpose nn.batch_flatten layout_transform strided_slice copy "
    "clip nn.relu nn.max_pool2d".split()
)
_MAX_VARIABLES = 16  # that an input is followed through
_SCALE = re.compile(r"([0-9.]+(?:e[+-]?\d+)?)f?$")
_SMALL = re.compile(r"-?\d{1,2}")
_ZERO_POINT = re.compile(r"-?\d{1,11}$")


def output_quantization(main: RelayMain, index: int, dtype: str) -> Quantization | None:
    """How output `index` is quantized, when its last operators say so."""
    found = _output_call(main, index, dtype)
    return None if found is None else _read(*found)


def output_axis(main: RelayMain, index: int, dtype: str) -> int | None:
    """The dimension along which scales of output `index` differ; negative: from the last.

    None: one scale for all, or not quantized. The text has no values of vectors.
    """
    found = _output_call(main, index, dtype)
    return None if found is None else _axis(*found)


def input_quantization(main: RelayMain, name: str, dtype: str) -> Quantization | None:
    """How the input `name` is quantized, when all operators that say it agree."""
    found = {_read(*use) for use in _input_calls(main, name, dtype)}
    return found.pop() if len(found) == 1 else None


def input_axis(main: RelayMain, name: str, dtype: str) -> int | None:
    """As `output_axis`, when all operators that say it agree."""
    found = {_axis(*use) for use in _input_calls(main, name, dtype)}
    return found.pop() if len(found) == 1 else None


Places: TypeAlias = "tuple[int, int]"  # of scale and zero point among a call's arguments


def _output_call(main: RelayMain, index: int, dtype: str) -> tuple[Call, Places] | None:
    """The operator that quantizes output `index`."""
    if dtype not in _QUANTIZED_DTYPES or index >= len(main.results):
        return None
    call = main.call(main.results[index])
    for _ in range(len(main.assignments) + 1):
        if call is None:
            return None
        if call.op in _OUTPUT:
            if call.attrs.get("out_dtype", f'"{dtype}"') != f'"{dtype}"':
                return None
            return call, _OUTPUT[call.op]
        if call.op not in _KEEPING or not call.args:
            return None
        call = main.call(call.args[0])
    return None


def _input_calls(main: RelayMain, name: str, dtype: str) -> Iterator[tuple[Call, Places]]:
    """The operators that say how the input `name` is quantized."""
    printed = main.param(name)
    if dtype not in _QUANTIZED_DTYPES or printed is None:
        return
    seen: set[str] = set()
    names = [f"%{printed}"]
    while names and len(seen) < _MAX_VARIABLES:
        variable = names.pop()
        if variable in seen:
            continue
        seen.add(variable)
        for target, call in _uses(main, variable):
            for place, arg in enumerate(call.args):
                if arg == variable and (call.op, place) in _INPUT:
                    yield call, _INPUT[call.op, place]
            if call.op in _KEEPING and call.args[0] == variable:
                names.append(target)


def _uses(main: RelayMain, variable: str) -> Iterator[tuple[str, Call]]:
    """The calls that take `variable`, each with the name that its result gets ("": none)."""
    expressions = [*main.assignments.items(), *(("", result) for result in main.results)]
    for target, expression in expressions:
        if variable in expression:
            call = parse_call(expression)
            if call is not None and variable in call.args:
                yield target, call


def _axis(call: Call, places: Places) -> int | None:
    """Scalars are printed as they are, vectors as a reference to what the text leaves out."""
    if places[0] >= len(call.args) or not call.args[places[0]].startswith("meta["):
        return None
    axis = call.attrs.get("axis", "-1")  # the operators' default
    return int(axis) if _SMALL.fullmatch(axis) else None


def _read(call: Call, places: Places) -> Quantization | None:
    if max(places) >= len(call.args):
        return None
    scale = _SCALE.match(call.args[places[0]])
    zero_point = _ZERO_POINT.match(call.args[places[1]])
    if scale is None or zero_point is None:
        return None
    try:
        value = float(scale[1])
    except ValueError:  # "1.2.3"
        return None
    if not math.isfinite(value) or value <= 0:
        return None
    return Quantization(value, int(zero_point[0]))
