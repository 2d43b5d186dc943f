"""A model in relay: what is in it, and what is done to it before it is compiled."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from microtvm_boards.compile.samples import ModelInput
from microtvm_boards.errors import ModelError
from microtvm_boards.relay.setup.load import load_tvm


def infer_types(mod: Any) -> Any:
    """The IRModule with the type of every expression."""
    return load_tvm().relay.transform.InferType()(mod)


def operators(mod: Any) -> frozenset[str]:
    """The names of the operators that `main` calls: "qnn.conv2d", "nn.softmax", ..."""
    analysis = importlib.import_module("tvm.relay.analysis")
    return frozenset(str(name) for name in analysis.list_op_freqs(mod))


def model_inputs(mod: Any, params: Mapping[str, Any]) -> tuple[ModelInput, ...]:
    """The inputs of the IRModule `mod` (types inferred) in order; `params` aren't among them.

    Raises ModelError for one whose shape isn't fixed or that is no tensor.
    """
    found = []
    for var in mod["main"].params:
        if var.name_hint in params:
            continue
        kind = var.checked_type
        if not hasattr(kind, "shape"):
            raise ModelError(f'The model\'s input "{var.name_hint}" is no tensor but {kind}.')
        extents = [_fixed(extent) for extent in kind.shape]
        shape = tuple(extent for extent in extents if extent is not None)
        if len(shape) < len(extents):
            words = ", ".join("?" if extent is None else str(extent) for extent in extents)
            raise ModelError(
                f'The model\'s input "{var.name_hint}" has the shape [{words}]; firmware needs '
                "every extent fixed.",
                hint="export the model again with fixed shapes, batch size 1",
            )
        found.append(ModelInput(var.name_hint, shape, str(kind.dtype)))
    return tuple(found)


def _fixed(extent: Any) -> int | None:
    try:
        return int(extent)
    except TypeError:  # relay's Any, or a variable
        return None


def convert_kernels(mod: Any, params: Mapping[str, Any], layout: str) -> tuple[Any, dict[str, Any]]:
    """The model with the weights of quantized NHWC convolutions in `layout`, and no parameters:
    they are constants now, so that TVM can re-lay them."""
    tvm = load_tvm()
    relay = tvm.relay
    build_module = importlib.import_module("tvm.relay.build_module")
    main = build_module.bind_params_by_name(mod["main"], dict(params))
    passes = [
        relay.transform.InferType(),
        relay.transform.ConvertLayout({"qnn.conv2d": ["NHWC", layout]}),
        relay.transform.FoldConstant(),
    ]
    with tvm.transform.PassContext(opt_level=3):
        return tvm.transform.Sequential(passes)(tvm.IRModule.from_expr(main)), {}
