"""When two tensors agree."""

from __future__ import annotations

import numpy as np
import pytest

from microtvm_boards.analysis.compare import compare
from microtvm_boards.analysis.generated_inputs import edge_samples, limits, random_sample
from microtvm_boards.model import Tensor

F32 = np.float32


def test_integers_have_to_be_equal() -> None:
    wanted = np.array([[1, 2], [3, -128]], np.int8)
    assert compare("t", wanted.copy(), wanted, ulps=16).agrees
    found = wanted.copy()
    found[1] = (4, 127)
    differs = compare("t", found, wanted, ulps=16)
    assert not differs.agrees
    assert (differs.elements, differs.differing, differs.first) == (4, 2, 2)
    assert differs.largest == 255  # not what int8 makes of it
    assert differs.ulps is differs.cosine is None


def test_large_integers_do_not_overflow() -> None:
    low, high = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    found = compare("t", np.array([low]), np.array([high]), ulps=0)
    assert found.largest == float(high - low)


def test_floats_agree_up_to_ulps_of_the_largest() -> None:
    wanted = np.array([1.0, 1e-6, 0.0], F32)
    one = F32(np.spacing(F32(1.0)))
    close = compare("t", wanted + np.array([4 * one, 0, one], F32), wanted, ulps=4)
    assert close.agrees
    assert close.ulps == pytest.approx(4)
    assert close.differing == 2
    assert not compare("t", wanted + np.array([5 * one, 0, 0], F32), wanted, ulps=4).agrees


def test_another_direction_does_not_agree_however_small() -> None:
    found = compare("t", np.array([1, 0], F32), np.array([0, 1], F32), ulps=1e9)
    assert not found.agrees
    assert found.cosine == pytest.approx(0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_agrees_with_itself_alone(bad: float) -> None:
    wanted = np.array([1, bad], F32)
    assert compare("t", wanted.copy(), wanted, ulps=0).agrees
    found = compare("t", np.array([1, 2], F32), wanted, ulps=1e30)
    assert not found.agrees
    assert found.ulps == float("inf")


def test_zeros_are_equal_to_zeros_alone() -> None:
    zeros = np.zeros(3, F32)
    assert compare("t", zeros, zeros, ulps=0).agrees
    assert not compare("t", np.ones(3, F32), zeros, ulps=1e9).agrees


def test_edges_are_those_of_the_type() -> None:
    signed, unsigned = Tensor("a", "int8", (2,), 2), Tensor("b", "uint8", (), 1)
    names = [s.name for s in edge_samples([signed])]
    assert names == ["all minimum", "all maximum", "zeros"]
    assert [s.inputs["a"].tolist() for s in edge_samples([signed])] == [
        [-128, -128],
        [127, 127],
        [0, 0],
    ]
    assert [s.name for s in edge_samples([unsigned])] == ["all minimum", "all maximum"]
    assert limits("bool") == (False, True)
    assert limits("float32") == (-1.0, 1.0)
    assert limits("int32") == (-32768, 32767)  # larger sums are undefined in C


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "float32", "bool"])
def test_random_inputs_come_again_with_their_seed(dtype: str) -> None:
    tensor = Tensor("a", dtype, (64,), 64 * np.dtype(dtype).itemsize)
    one, same, other = (random_sample([tensor], seed).inputs["a"] for seed in (1, 1, 2))
    assert one.dtype == dtype
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    low, high = limits(dtype)
    assert (one >= low).all()
    assert (one <= high).all()
