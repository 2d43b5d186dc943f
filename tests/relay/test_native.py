"""TVM's own outputs, and what is said when the inputs don't fit the model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from microtvm_boards.errors import UsageError
from microtvm_boards.tvm import compile_reference, reference_outputs

pytest.importorskip("tvm")
pytestmark = pytest.mark.tvm

Model = tuple[Any, dict[str, Any]]


def expected(x: Any, kernel: Any, shift: int) -> Any:
    """3x3 convolution with a border of zeros, arithmetic shift, 2x2 maximum."""
    padded = np.pad(x.astype("int32"), ((0, 0), (1, 1), (1, 1), (0, 0)))
    convolved = sum(
        padded[:, i : i + 6, j : j + 6] @ kernel[i, j].astype("int32")
        for i in range(3)
        for j in range(3)
    )
    small = (convolved >> shift).astype("int8")
    return small.reshape(1, 3, 2, 3, 2, 2).max(axis=(2, 4))


def test_outputs_are_the_models_in_their_order(model: Model) -> None:
    x = np.random.default_rng(0).integers(-10, 10, (1, 6, 6, 2)).astype("int8")
    mod, params = model
    outputs = reference_outputs(mod, params, {"x": x})
    assert len(outputs) == 3
    for branch, output in enumerate(outputs):
        assert output.dtype == np.int8
        assert (output == expected(x, params[f"kernel{branch}"], branch + 3)).all()


@pytest.fixture(scope="module")
def run(model: Model) -> Any:
    return compile_reference(*model)


def test_a_compiled_reference_runs_many_times(run: Any) -> None:
    zeros = np.zeros((1, 6, 6, 2), "int8")
    first = run({"x": zeros})
    run({"x": zeros + 1})
    assert all((a == b).all() for a, b in zip(first, run({"x": zeros}), strict=True))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, 'input "x" is not given'),
        ({"y": np.zeros(1)}, 'no input "y"; it has x'),
        ({"kernel0": np.zeros(1)}, 'no input "kernel0"'),
        ({"x": np.zeros((1, 6, 6, 2))}, r"is int8 \[1, 6, 6, 2\], given was float64"),
        ({"x": np.zeros((6, 6, 2), "int8")}, r"given was int8 \[6, 6, 2\]"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(run: Any, inputs: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run(inputs)
