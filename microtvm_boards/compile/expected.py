"""What a trained model computes for inputs of its firmware: TVM's own build for this computer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from microtvm_boards.errors import UsageError
from microtvm_boards.model.module import Tensor
from microtvm_boards.relay.importers import import_model
from microtvm_boards.relay.inputs import ModelInput, by_name, model_inputs
from microtvm_boards.relay.reference import compile_reference
from microtvm_boards.relay.setup.enable import load_tvm
from microtvm_boards.relay.setup.quiet import captured_stderr

if TYPE_CHECKING:
    import numpy.typing as npt

Arrays = Mapping[str, "npt.NDArray[Any]"]


def expected_outputs(
    path: Path, inputs: Sequence[Tensor], outputs: Sequence[Tensor], samples: Sequence[Arrays]
) -> Iterator[dict[str, npt.NDArray[Any]]]:
    """The outputs of the model file `path` for each of `samples`, under the firmware's names.

    `inputs` and `outputs`: the firmware's. Tensors of the file go by their names, spelling aside,
    else by their order. Raises UsageError when the file's model has other tensors, and as
    `import_model`.
    """
    with captured_stderr():
        mod, params = import_model(path)
        mod = load_tvm().relay.transform.InferType()(mod)
        theirs = model_inputs(mod, params)
        pairs = _pairs(path, inputs, theirs)
        run = compile_reference(mod, params)
    for sample in samples:
        arrays = {their.name: sample[mine.name].reshape(their.shape) for mine, their in pairs}
        found = run(arrays)
        kinds = [(t.dtype, t.size_bytes) for t in outputs]
        if [(str(array.dtype), array.nbytes) for array in found] != kinds:
            raise UsageError(
                f"{path} is another model: its outputs are "
                f"{', '.join(f'{a.dtype} {list(a.shape)}' for a in found)}; the firmware's are "
                f"{', '.join(f'{t.dtype}, {t.size_bytes} bytes' for t in outputs)}."
            )
        yield {tensor.name: array for tensor, array in zip(outputs, found, strict=True)}


def _pairs(
    path: Path, mine: Sequence[Tensor], theirs: Sequence[ModelInput]
) -> list[tuple[Tensor, ModelInput]]:
    import numpy as np

    if len(mine) == len(theirs):
        named = by_name([t.name for t in mine], {t.name: t for t in theirs})
        pairs = [(tensor, named[tensor.name]) for tensor in mine]
        if all(
            m.dtype == t.dtype and m.size_bytes == np.dtype(t.dtype).itemsize * np.prod(t.shape)
            for m, t in pairs
        ):
            return pairs
    raise UsageError(
        f"{path} is another model: its inputs are "
        f"{', '.join(f'{t.name} ({t.dtype} {list(t.shape)})' for t in theirs)}; the firmware's are "
        f"{', '.join(f'{t.name} ({t.dtype}, {t.size_bytes} bytes)' for t in mine)}."
    )
