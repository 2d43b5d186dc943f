"""Inputs from an .npz and outputs into one."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from microtvm_boards.errors import DeviceError, UsageError
from microtvm_boards.model.arrays import from_bytes
from microtvm_boards.project.inputs.samples import load_samples
from microtvm_boards.project.manifest import ProjectModel

if TYPE_CHECKING:
    from microtvm_boards.harness.client import RunResult
    from microtvm_boards.model.arrays import Array

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time of a zip: equal outputs give equal files


def load_inputs(path: Path, model: ProjectModel) -> list[dict[str, Array]]:
    """The samples of an .npz whose arrays are keyed by the names of the model's inputs.

    Each array has the input's dtype and shape, or one more leading axis for n samples. What else
    the file may hold and which UsageError comes when it doesn't fit: project/samples.py, which
    reads the same files for sample_inputs.
    """
    samples = load_samples(path, model.inputs)
    return [
        {t.name: from_bytes(t, data) for t, data in zip(model.inputs, row, strict=True)}
        for row in samples.rows
    ]


def load_outputs(path: Path, model: ProjectModel) -> list[dict[str, Array]]:
    """The same for outputs: what a model is expected to give, as save_outputs writes it."""
    samples = load_samples(path, model.outputs, what="output")
    return [
        {t.name: from_bytes(t, data) for t, data in zip(model.outputs, row, strict=True)}
        for row in samples.rows
    ]


def save_outputs(path: Path, results: Sequence[RunResult]) -> None:
    """Writes the outputs as an .npz keyed by output name, stacked on a leading axis when there is
    more than one result.

    Raises UsageError when there is nothing to save or `path` can't be written, DeviceError when a
    run failed; then no file is written.
    """
    import numpy as np

    for number, result in enumerate(results):
        if result.status != 0:
            raise DeviceError(
                f"Sample {number} failed with {result.status_name}; nothing was saved to {path}."
            )
    if not results:
        raise UsageError(f"There are no outputs to save to {path}.")
    temporary = path.with_name(path.name + ".tmp")
    try:
        # Not numpy.savez: it puts the time into the file and refuses an array named "file".
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in results[0].outputs:
                arrays = [result.outputs[name] for result in results]
                member = zipfile.ZipInfo(f"{name}.npy", _ZIP_EPOCH)
                member.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(member, "w") as file:
                    value = np.stack(arrays) if len(arrays) > 1 else arrays[0]
                    np.save(file, value, allow_pickle=False)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UsageError(f"{path} can't be written: {error.strerror}.") from error
