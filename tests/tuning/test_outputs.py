"""Which outputs of a kernel are right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from microtvm_boards.model import Tensor
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.tuning.host.kernel_host import KernelHost
from microtvm_boards.tuning.trials.candidate import TunedOperator
from microtvm_boards.tuning.trials.outputs import clear, fetch, right
from tests.tuning import kernels

NUMBERS = np.array([0.0, 1.0, -2.5, 1e6])
NEAR = NUMBERS * (1 + 2e-5)


def operator(*dtypes: str) -> TunedOperator:
    outputs = tuple(
        Tensor(f"out{n}", dtype, (4,), 4 * np.dtype(dtype).itemsize)
        for n, dtype in enumerate(dtypes)
    )
    return replace(kernels.operator(), arguments=outputs, outputs=len(outputs))


def data(values: np.typing.ArrayLike, dtype: str) -> bytes:
    return np.asarray(values).astype(dtype).tobytes()


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_floats_may_differ_a_little(dtype: str) -> None:
    one = operator(dtype)
    want = data(NUMBERS.clip(-100, 100), dtype)
    assert right([data(NEAR.clip(-100, 100), dtype)], [want], one)
    assert not right([data(NUMBERS.clip(-100, 100) + 0.01, dtype)], [want], one)


def test_what_is_no_number_has_to_be_none_in_both() -> None:
    one = operator("float32")
    none = NUMBERS.copy()
    none[1] = np.nan
    assert right([data(none, "float32")], [data(none, "float32")], one)
    assert not right([data(none, "float32")], [data(NUMBERS, "float32")], one)
    assert not right([data(NUMBERS, "float32")], [data(none, "float32")], one)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32"])
def test_integers_have_to_be_the_same(dtype: str) -> None:
    one = operator(dtype)
    want = data([1, 2, 3, 4], dtype)
    assert right([want], [want], one)
    assert not right([data([1, 2, 3, 5], dtype)], [want], one)


def test_each_output_counts() -> None:
    two = operator("float32", "int8")
    wants = [data(NUMBERS, "float32"), data([1, 2, 3, 4], "int8")]
    assert right([data(NEAR, "float32"), wants[1]], wants, two)
    assert not right([wants[0], data([0, 2, 3, 4], "int8")], wants, two)


@pytest.mark.qemu
def test_large_outputs_that_are_right_stay_on_the_board(emulated: KernelHost) -> None:
    want = bytes(range(256)) * 16
    with emulated.open(DeviceOptions()) as device:
        tensor = device.allocate((len(want),), "uint8")
        device.copy_to(tensor, want)

        def fetched(expected: bytes) -> tuple[bytes, int]:
            before = device.session.line.received
            (found,) = fetch(device, [tensor], [expected])
            return found, device.session.line.received - before

        found, received = fetched(want)
        assert found == want and received < 200
        found, received = fetched(want[1:] + b"x")
        assert found == want and received > len(want)
        clear(device, [tensor])
        assert fetched(want)[0] != want
