"""What TVM itself computes, to compare a board's outputs with."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from microtvm_boards.errors import UsageError, nearest
from microtvm_boards.tvm.enable import load_tvm

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def reference_outputs(
    mod: Any, params: Mapping[str, Any], inputs: Mapping[str, npt.NDArray[Any]]
) -> list[npt.NDArray[np.generic]]:
    """Runs the model once in this process: graph executor, LLVM code for this machine.

    `inputs` holds an array for every input by name, with the model's shape and dtype. The result
    has one array for each output, in the model's order. For integer models it is what every
    board has to give, bit for bit.

    Raises UsageError when an input is missing, unknown, or has another shape or dtype, and
    ToolNotFoundError when there is no TVM.
    """
    tvm = load_tvm()
    mod = tvm.relay.transform.InferType()(mod)
    _check_inputs(mod, params, inputs)
    with tvm.transform.PassContext(opt_level=3):
        built = tvm.relay.build(mod, target=tvm.target.Target(_llvm_target()), params=dict(params))
    graph_executor = _import_graph_executor()
    executor = graph_executor.GraphModule(built["default"](tvm.cpu(0)))
    for name, value in inputs.items():
        executor.set_input(name, value)
    executor.run()
    return [executor.get_output(i).numpy() for i in range(executor.get_num_outputs())]


def _import_graph_executor() -> Any:
    from tvm.contrib import graph_executor

    return graph_executor


def _llvm_target() -> str:
    # Bare "llvm" means the wheel's own default, which in hhb-tvm is riscv64.
    machine = platform.machine()
    if platform.system() == "Darwin":
        return f"llvm -mtriple={machine}-apple-darwin"
    return f"llvm -mtriple={machine}-linux-gnu"


def _check_inputs(
    mod: Any, params: Mapping[str, Any], inputs: Mapping[str, npt.NDArray[Any]]
) -> None:
    wanted = {v.name_hint: v.checked_type for v in mod["main"].params if v.name_hint not in params}
    for name in inputs:
        if name not in wanted:
            raise UsageError(
                f'The model has no input "{name}"; it has {", ".join(wanted)}.'
                + nearest(name, wanted)
            )
    for name, kind in wanted.items():
        if name not in inputs:
            raise UsageError(f'The model\'s input "{name}" is not given.')
        shape = tuple(int(n) for n in kind.shape)
        value = inputs[name]
        if value.shape != shape or str(value.dtype) != kind.dtype:
            raise UsageError(
                f'The model\'s input "{name}" is {kind.dtype} {list(shape)}, '
                f"given was {value.dtype} {list(value.shape)}."
            )
