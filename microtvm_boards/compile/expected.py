"""What a trained model computes for inputs of its firmware."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from microtvm_boards.compile.compiler import compiler_named
from microtvm_boards.compile.samples import ModelInput, by_name
from microtvm_boards.errors import UsageError
from microtvm_boards.model import Tensor

if TYPE_CHECKING:
    import numpy.typing as npt

Arrays = Mapping[str, "npt.NDArray[Any]"]


def expected_outputs(
    path: Path,
    inputs: Sequence[Tensor],
    outputs: Sequence[Tensor],
    samples: Sequence[Arrays],
    *,
    compiler: str = "relay",
) -> list[dict[str, npt.NDArray[Any]]]:
    """The outputs of the model file `path` for each of `samples`, under the firmware's names.

    `inputs` and `outputs`: the firmware's. Tensors of the file go by their names, spelling aside,
    else by their order. Raises UsageError when the file's model has other tensors, and as
    `Compiler.read`.
    """
    model = compiler_named(compiler).read(path)
    pairs = _pairs(path, inputs, model.inputs)
    found = model.reference(
        [
            {their.name: sample[mine.name].reshape(their.shape) for mine, their in pairs}
            for sample in samples
        ]
    )
    kinds = [(t.dtype, t.size_bytes) for t in outputs]
    for arrays in found:
        if [(str(array.dtype), array.nbytes) for array in arrays] != kinds:
            raise UsageError(
                f"{path} is another model: its outputs are "
                f"{', '.join(f'{a.dtype} {list(a.shape)}' for a in arrays)}; the firmware's are "
                f"{', '.join(f'{t.dtype}, {t.size_bytes} bytes' for t in outputs)}."
            )
    return [
        {tensor.name: array for tensor, array in zip(outputs, arrays, strict=True)}
        for arrays in found
    ]


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
