"""What is done to relay before it is compiled."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from microtvm_boards.relay.setup.enable import load_tvm


def infer_types(mod: Any) -> Any:
    """The IRModule with the type of every expression."""
    return load_tvm().relay.transform.InferType()(mod)


def operators(mod: Any) -> frozenset[str]:
    """The names of the operators that `main` calls: "qnn.conv2d", "nn.softmax", ..."""
    analysis = importlib.import_module("tvm.relay.analysis")
    return frozenset(str(name) for name in analysis.list_op_freqs(mod))


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
