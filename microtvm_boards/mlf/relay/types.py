"""Types of relay expressions where the text has none, for the operators that models end in.

TVM prints types of results only for type-checked models, so an AOT model with the C interface
often says no output shape anywhere. What is inferred here is used only when it agrees with the
output's size in bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from microtvm_boards.mlf.checks import MAX_COUNT
from microtvm_boards.mlf.relay.text import Call, RelayMain, TensorType, expression_type, parse_call

_Dims = tuple[int | None, ...]


@dataclass(frozen=True)
class PartialType:
    """A type of which dimensions (None) or the dtype ("") may be unknown."""

    dtype: str
    shape: _Dims

    def resolve(self, dtype: str, elements: int) -> tuple[int, ...] | None:
        """The full shape of a tensor of so many elements; None when it doesn't follow or differ."""
        if self.dtype not in ("", dtype):
            return None
        known = math.prod(d for d in self.shape if d is not None)
        missing = self.shape.count(None)
        if missing == 0:
            return tuple(d or 0 for d in self.shape) if known == elements else None
        if missing > 1 or known == 0 or elements % known:
            return None
        return tuple(elements // known if d is None else d for d in self.shape)


def infer_results(main: RelayMain) -> tuple[PartialType | None, ...]:
    """The type of each result of @main, as far as it follows from the text."""
    known = infer_types(main)
    return tuple(_infer(result, known) for result in main.results)


def infer_types(main: RelayMain) -> dict[str, PartialType]:
    """The types of parameters and variables ("%3") of @main, as far as they follow."""
    known: dict[str, PartialType] = {}
    for name, param in main.params.items():
        if param.shape is not None:
            known[f"%{name}"] = PartialType(param.dtype, param.shape)
    for name, expression in main.assignments.items():
        found = _infer(expression, known)
        if found is not None:
            known[name] = found
    return known


def infer_type(expression: str, known: dict[str, PartialType]) -> PartialType | None:
    """The type of an expression over variables whose types are `known`."""
    return _infer(expression, known)


def _infer(expression: str, known: dict[str, PartialType]) -> PartialType | None:
    if expression in known:
        return known[expression]
    written = expression_type(expression)
    if isinstance(written, TensorType) and written.shape is not None:
        return PartialType(written.dtype, written.shape)
    call = parse_call(expression)
    rule = _RULES.get(call.op) if call else None
    if call is None or rule is None:
        return None
    args = [known.get(arg, _SCALAR if _NUMBER.match(arg) else None) for arg in call.args]
    first = args[0] if args else None
    if first is None:
        return None
    try:
        shape = rule(call, first.shape, args)
    except (ValueError, LookupError, ZeroDivisionError):  # attributes that make no sense
        return None
    if shape is None or any(d is not None and d <= 0 for d in shape):
        return None
    return PartialType(_dtype(call, next((a.dtype for a in args if a and a.dtype), "")), shape)


_SCALAR = PartialType("", ())
_NUMBER = re.compile(r"-?\d[\w.+-]*$")
_MAX_VALUES = 32
_QUANTIZED_SUMS = ("qnn.conv2d", "qnn.dense")


def _dtype(call: Call, first: str) -> str:
    stated = call.attrs.get("out_dtype", call.attrs.get("dtype", "")).strip('"')
    if call.op == "qnn.dequantize":
        return stated or "float32"
    if call.op in ("qnn.quantize", "qnn.requantize", *_QUANTIZED_SUMS):
        return stated
    return stated or first


def _ints(call: Call, name: str, default: Sequence[int]) -> list[int]:
    """An attribute like `padding=[1, 1]` or `units=5`. Raises ValueError for any other."""
    written = call.attrs.get(name)
    if written is None:
        return list(default)
    values = [int(part) for part in written.strip("[]").split(",") if part.strip()]
    if len(values) > _MAX_VALUES or any(abs(value) >= MAX_COUNT for value in values):
        raise ValueError(f"{name} has too many or too large values")
    return values


_Args = list[PartialType | None]
_Rule = Callable[[Call, _Dims, _Args], _Dims | None]


def _same(call: Call, shape: _Dims, args: _Args) -> _Dims | None:
    return shape


def _broadcast(call: Call, shape: _Dims, args: _Args) -> _Dims | None:
    if args[1] is None:
        return None
    other = args[1].shape
    rank = max(len(shape), len(other))
    padded = [(1,) * (rank - len(s)) + s for s in (shape, other)]
    return tuple(_wider(a, b) for a, b in zip(*padded, strict=True))


def _wider(a: int | None, b: int | None) -> int | None:
    if a == 1:
        return b
    if b in (1, a):
        return a
    if a is None or b is None:
        return a if b is None else b
    raise ValueError("shapes don't broadcast")


def _reshape(call: Call, shape: _Dims, args: _Args) -> _Dims | None:
    new = _ints(call, "newshape", [-2])
    if any(d < -1 for d in new) or 0 in new or new.count(-1) > 1:
        return None  # codes that copy or merge dimensions
    sizes = [d for d in shape if d is not None]
    rest, odd = divmod(math.prod(sizes), -math.prod(new))  # for -1
    known = len(sizes) == len(shape) and odd == 0
    return tuple((rest if known else None) if d == -1 else d for d in new)


def _batch_flatten(call: Call, shape: _Dims, args: _Args) -> _Dims | None:
    rest = [d for d in shape[1:] if d is not None]
    return shape[0], math.prod(rest) if len(rest) == len(shape) - 1 else None


def _dense(call: Call, shape: _Dims, args: _Args) -> _Dims | None:
    (units,) = _ints(call, "units", ())
    return (*shape[:-1], units)


def _reduce(call: Call, shape: _Dims, args: _Args) -> _Dims | None:
    if "exclude" in call.attrs:
        return None
    axes = {a % len(shape) for a in _ints(call, "axis", range(len(shape)))}
    if call.attrs.get("keepdims") == "True":
        return tuple(1 if i in axes else d for i, d in enumerate(shape))
    return tuple(d for i, d in enumerate(shape) if i not in axes)


def _conv2d(call: Call, shape: _Dims, args: _Args) -> _Dims | None:
    layout = call.attrs.get("data_layout", '"NCHW"')
    kernel = _ints(call, "kernel_size", ())
    channels = _ints(call, "channels", ())
    return _window(call, shape, layout, kernel, "dilation", channels[0])


def _pool2d(call: Call, shape: _Dims, args: _Args) -> _Dims | None:
    if call.attrs.get("ceil_mode") == "True":
        return None
    layout = call.attrs.get("layout", '"NCHW"')
    return _window(call, shape, layout, _ints(call, "pool_size", ()), "dilation", None)


def _window(
    call: Call, shape: _Dims, layout: str, size: list[int], dilation: str, channels: int | None
) -> _Dims | None:
    letters = layout.strip('"')
    if sorted(letters) != sorted("NHWC") or len(shape) != 4:
        return None
    strides = _ints(call, "strides", (1, 1)) * 2
    steps = _ints(call, dilation, (1, 1)) * 2
    padding = _ints(call, "padding", (0, 0))
    padding = {1: padding * 4, 2: padding * 2, 4: padding}[len(padding)]  # top, left, bottom, right
    result = list(shape)
    for i, letter in enumerate("HW"):
        at = letters.index(letter)
        length = shape[at]
        if length is not None:
            reach = steps[i] * (size[i] - 1) + 1
            result[at] = (length + padding[i] + padding[i + 2] - reach) // strides[i] + 1
    if channels is not None:
        result[letters.index("C")] = channels
    return tuple(result)


def _global_pool(call: Call, shape: _Dims, args: _Args) -> _Dims | None:
    letters = call.attrs.get("layout", '"NCHW"').strip('"')
    return tuple(1 if c in "HW" else d for c, d in zip(letters, shape, strict=True))


_UNARY = (
    "nn.relu nn.leaky_relu nn.prelu nn.softmax nn.log_softmax nn.bias_add nn.dropout clip cast "
    "tanh sigmoid exp log sqrt rsqrt negative abs round floor ceil copy fixed_point_multiply "
    "qnn.quantize qnn.dequantize qnn.requantize"
)
_BINARY = "add subtract multiply divide maximum minimum qnn.add qnn.subtract qnn.mul"
_RULES: dict[str, _Rule] = {
    **dict.fromkeys(_UNARY.split(), _same),
    **dict.fromkeys(_BINARY.split(), _broadcast),
    **dict.fromkeys(("sum", "mean", "max", "min"), _reduce),
    **dict.fromkeys(("nn.dense", "qnn.dense"), _dense),
    **dict.fromkeys(("nn.conv2d", "qnn.conv2d"), _conv2d),
    **dict.fromkeys(("nn.max_pool2d", "nn.avg_pool2d"), _pool2d),
    **dict.fromkeys(("nn.global_avg_pool2d", "nn.global_max_pool2d"), _global_pool),
    "reshape": _reshape,
    "nn.batch_flatten": _batch_flatten,
}
