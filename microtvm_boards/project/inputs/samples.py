"""Samples that are baked into a firmware (option sample_inputs)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.errors import UsageError, nearest
from microtvm_boards.model import Tensor


@dataclass(frozen=True)
class Samples:
    """`rows[i][j]`: the bytes of input j (in the model's order) of sample i."""

    rows: tuple[tuple[bytes, ...], ...]

    @property
    def count(self) -> int:
        return len(self.rows)


# Arrays that an .npz of samples may hold beside the inputs, and that are left alone.
IGNORED_ARRAYS = ("labels", "reference")
IGNORED_PREFIX = "out_"


def load_samples(path: Path, inputs: Sequence[Tensor], *, what: str = "input") -> Samples:
    """Reads an .npz whose arrays are keyed by input name: one sample in the model's shape, or n
    samples with one more leading axis.

    Raises UsageError for a file that is no .npz, a missing, unknown or wrongly shaped or typed
    array, and for inputs that don't all hold the same number of samples. `what`: input, or output
    for the tensors that a model gives.
    """
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.") from None
    except Exception as error:  # damage surfaces as a dozen kinds, zlib.error and KeyError too
        raise UsageError(
            f"{path} is not an .npz of plain arrays: {error}.",
            hint=f'numpy.savez("{what}s.npz", **{{"' + inputs[0].name + '": array})',
        ) from None
    _refuse_unknown(path, list(arrays), [t.name for t in inputs], what)
    columns: list[list[bytes]] = []
    for tensor in inputs:
        columns.append(_column(path, tensor, arrays[tensor.name], what))
    counts = {tensor.name: len(column) for tensor, column in zip(inputs, columns, strict=True)}
    if len(set(counts.values())) > 1:
        listing = ", ".join(f"{name}: {n}" for name, n in counts.items())
        raise UsageError(f"{path}: all {what}s need the same number of samples; found {listing}.")
    return Samples(tuple(zip(*columns, strict=True)))


def _refuse_unknown(path: Path, found: list[str], wanted: list[str], what: str) -> None:
    for name in found:
        known = name in wanted or name in IGNORED_ARRAYS or name.startswith(IGNORED_PREFIX)
        if not known:
            raise UsageError(
                f'{path}: the model has no {what} "{name}".{nearest(name, wanted)}',
                hint=f"its {what}s are " + ", ".join(wanted),
            )
    for name in wanted:
        if name not in found:
            raise UsageError(
                f'{path} has no array "{name}".', hint=f"the {what}s are " + ", ".join(wanted)
            )


def _column(path: Path, tensor: Tensor, array: object, what: str) -> list[bytes]:
    """The samples of one tensor as bytes, row-major and little-endian."""
    import numpy as np

    values = np.asarray(array)
    dtype = np.dtype(tensor.dtype)
    if values.dtype != dtype:
        raise UsageError(
            f'{path}: {what} "{tensor.name}" is {tensor.dtype}; the array is {values.dtype}.',
            hint=f'array.astype("{tensor.dtype}") if the values are meant so',
        )
    shape = tensor.shape
    if shape is None:
        # The model library gives the size alone: a flat array.
        shape = (tensor.size_bytes // dtype.itemsize,)
    if values.shape == shape:
        values = values[np.newaxis]
    elif values.shape[1:] != shape or len(values) == 0:
        raise UsageError(
            f'{path}: {what} "{tensor.name}" has shape {shape}, or (n, ...) for n samples; '
            f"the array has {values.shape}."
        )
    little = dtype.newbyteorder("<")
    return [np.ascontiguousarray(row, dtype=little).tobytes() for row in values]
