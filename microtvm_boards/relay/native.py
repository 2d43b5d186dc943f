"""What TVM itself computes, to compare a board's outputs with."""

from __future__ import annotations

import importlib
import platform
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from microtvm_boards.errors import UsageError, nearest
from microtvm_boards.relay.ir import model_inputs
from microtvm_boards.relay.setup.load import load_tvm

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Inputs: TypeAlias = "Mapping[str, npt.NDArray[Any]]"
Outputs: TypeAlias = "list[npt.NDArray[np.generic]]"


def reference_outputs(mod: Any, params: Mapping[str, Any], inputs: Inputs) -> Outputs:
    """Runs the model once; see `compile_reference`, which is for several runs of one model."""
    return compile_reference(mod, params)(inputs)


def compile_reference(mod: Any, params: Mapping[str, Any]) -> Callable[[Inputs], Outputs]:
    """The model as a function in this process: graph executor, LLVM code for this machine.

    It takes an array for every input by name, with the model's shape and dtype, and gives one
    array for each output, in the model's order. For integer models these are what every board has
    to give, bit for bit. It raises UsageError when an input is missing, unknown, or has another
    shape or dtype.

    Raises ToolNotFoundError when there is no TVM, ModelError when a shape isn't fixed.
    """
    tvm = load_tvm()
    graph_executor = importlib.import_module("tvm.contrib.graph_executor")
    mod = tvm.relay.transform.InferType()(mod)
    wanted = {i.name: (i.shape, i.dtype) for i in model_inputs(mod, params)}
    with tvm.transform.PassContext(opt_level=3):
        built = tvm.relay.build(mod, target=tvm.target.Target(_llvm_target()), params=dict(params))
    executor = graph_executor.GraphModule(built["default"](tvm.cpu(0)))

    def run(inputs: Inputs) -> Outputs:
        _check_inputs(wanted, inputs)
        for name, value in inputs.items():
            executor.set_input(name, value)
        executor.run()
        return [executor.get_output(i).numpy() for i in range(executor.get_num_outputs())]

    return run


def _llvm_target() -> str:
    # Bare "llvm" means the wheel's own default, which in hhb-tvm is riscv64.
    machine = platform.machine()
    if platform.system() == "Darwin":
        return f"llvm -mtriple={machine}-apple-darwin"
    return f"llvm -mtriple={machine}-linux-gnu"


def _check_inputs(wanted: Mapping[str, tuple[tuple[int, ...], str]], inputs: Inputs) -> None:
    for name in inputs:
        if name not in wanted:
            raise UsageError(
                f'The model has no input "{name}"; it has {", ".join(wanted)}.'
                + nearest(name, wanted)
            )
    for name, (shape, dtype) in wanted.items():
        if name not in inputs:
            raise UsageError(f'The model\'s input "{name}" is not given.')
        value = inputs[name]
        if value.shape != shape or str(value.dtype) != dtype:
            raise UsageError(
                f'The model\'s input "{name}" is {dtype} {list(shape)}, '
                f"given was {value.dtype} {list(value.shape)}."
            )
