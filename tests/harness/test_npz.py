"""Inputs from .npz files, outputs into them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microtvm_boards.errors import DeviceError, UsageError
from microtvm_boards.harness import RunResult, load_inputs, save_outputs
from microtvm_boards.model import DTYPE_BYTES, Tensor
from microtvm_boards.model.arrays import from_bytes, to_bytes
from tests.harness.conftest import MODELS

FIRST, SECOND = MODELS
A = np.arange(6, dtype=np.int8).reshape(2, 3)
B = np.arange(4, dtype=np.float32)


def saved(path: Path, **arrays: Any) -> Path:
    np.savez(path / "inputs.npz", **arrays)
    return path / "inputs.npz"


def result(status: int = 0, **outputs: Any) -> RunResult:
    return RunResult(0, status, "MTVM_OK" if status == 0 else "MTVM_E_KERNEL", 1, 1, outputs)


def test_arrays_in_the_models_shapes_are_one_sample(tmp_path: Path) -> None:
    samples = load_inputs(saved(tmp_path, b=B, a=A), FIRST)
    assert len(samples) == 1
    assert list(samples[0]) == ["a", "b"]
    np.testing.assert_array_equal(samples[0]["a"], A)
    assert samples[0]["b"].dtype == np.float32


def test_one_more_axis_in_front_holds_many_samples(tmp_path: Path) -> None:
    path = saved(tmp_path, a=np.stack([A, -A]), b=np.stack([B, -B]))
    samples = load_inputs(path, FIRST)
    np.testing.assert_array_equal(samples[1]["a"], -A)
    np.testing.assert_array_equal(samples[1]["b"], -B)


def test_an_input_of_unknown_shape_is_flat(tmp_path: Path) -> None:
    (sample,) = load_inputs(saved(tmp_path, x=np.arange(5, dtype=np.uint8)), SECOND)
    np.testing.assert_array_equal(sample["x"], range(5))


def test_labels_reference_and_outputs_may_lie_beside_the_inputs(tmp_path: Path) -> None:
    path = saved(tmp_path, a=A, b=B, labels=[1], reference=[2], out_sum=[3])
    assert len(load_inputs(path, FIRST)) == 1


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": A}, 'no array "b"'),
        ({}, 'no array "a"'),
        ({"a": A, "b": B, "labells": B}, 'no input "labells"'),
        ({"a": A, "b": B, "aa": B}, 'no input "aa". Did you mean "a"'),
        ({"a": A.astype(np.int16), "b": B}, '"a" is int8; the array is int16'),
        ({"a": A, "b": B.astype(">f4")}, '"b" is float32; the array is >f4'),
        ({"a": A.ravel(), "b": B}, r'"a" has shape \(2, 3\), .*; the array has \(6,\)'),
        ({"a": np.stack([[A]]), "b": B}, r"the array has \(1, 1, 2, 3\)"),
        ({"a": np.empty((0, 2, 3), np.int8), "b": B}, r"the array has \(0, 2, 3\)"),
        ({"a": np.int8(1), "b": B}, r"the array has \(\)"),
        ({"a": np.stack([A, A]), "b": B}, "same number of samples; found a: 2, b: 1"),
        ({"a": A, "b": np.array([None] * 4)}, "not an .npz of plain arrays"),
    ],
)
def test_what_does_not_fit_the_model_is_a_usage_error_with_needed_and_found(
    tmp_path: Path, arrays: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        load_inputs(saved(tmp_path, **arrays), FIRST)


def npy() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, A)
    return buffer.getvalue()


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", b"PK\x05\x06" + bytes(18), npy()])
def test_what_is_no_npz_is_a_usage_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "inputs.npz"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        load_inputs(path, FIRST)


def test_what_is_no_file_is_a_usage_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.npz"):
        with pytest.raises(UsageError):
            load_inputs(path, FIRST)


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(data=st.data(), compressed=st.booleans())
def test_a_damaged_npz_raises_nothing_but_usage_errors(
    tmp_path: Path, data: st.DataObject, compressed: bool
) -> None:
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, a=A, b=B)
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "inputs.npz"
    path.write_bytes(content)
    with contextlib.suppress(UsageError):
        load_inputs(path, FIRST)


def test_one_result_is_saved_as_it_is(tmp_path: Path) -> None:
    save_outputs(tmp_path / "out.npz", [result(0, **{"file": A, "a b/c": B})])
    with np.load(tmp_path / "out.npz") as archive:
        np.testing.assert_array_equal(archive["file"], A)
        np.testing.assert_array_equal(archive["a b/c"], B)
        assert archive["file"].dtype == np.int8


def test_many_results_are_stacked(tmp_path: Path) -> None:
    save_outputs(tmp_path / "out", [result(y=B), result(y=-B), result(y=B)])
    with np.load(tmp_path / "out") as archive:
        np.testing.assert_array_equal(archive["y"], [B, -B, B])


def test_saved_outputs_are_read_as_inputs_again(tmp_path: Path) -> None:
    save_outputs(tmp_path / "out.npz", [result(a=A, b=B), result(a=-A, b=B)])
    samples = load_inputs(tmp_path / "out.npz", FIRST)
    np.testing.assert_array_equal(samples[1]["a"], -A)


def test_equal_outputs_give_equal_files(tmp_path: Path) -> None:
    for name in ("1.npz", "2.npz"):
        save_outputs(tmp_path / name, [result(y=B)])
    assert (tmp_path / "1.npz").read_bytes() == (tmp_path / "2.npz").read_bytes()


def test_a_failed_run_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="Sample 1 failed with MTVM_E_KERNEL"):
        save_outputs(tmp_path / "out.npz", [result(y=B), result(-6)])
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_save_and_nowhere_to_save_it_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no outputs to save"):
        save_outputs(tmp_path / "out.npz", [])
    with pytest.raises(UsageError, match="can't be written: No such file"):
        save_outputs(tmp_path / "missing" / "out.npz", [result(y=B)])
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="can't be written: Is a directory"):
        save_outputs(tmp_path / "folder", [result(y=B)])
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


SHAPES = st.lists(st.integers(1, 4), max_size=4).map(tuple)


@given(st.sampled_from(sorted(DTYPE_BYTES)), SHAPES, st.booleans(), st.data())
def test_arrays_survive_the_wire(
    dtype: str, shape: tuple[int, ...], known: bool, data: st.DataObject
) -> None:
    size = DTYPE_BYTES[dtype] * int(np.prod(shape, dtype=int))
    raw = data.draw(st.binary(min_size=size, max_size=size))
    tensor = Tensor("t", dtype, shape if known else None, size)
    array = from_bytes(tensor, raw)
    assert array.dtype == np.dtype(dtype)
    assert array.shape == (shape if known else (size // DTYPE_BYTES[dtype],))
    array[...] = array  # the caller may write into it
    sent = bytes(b != 0 for b in raw) if dtype == "bool" else raw
    assert to_bytes(tensor, array) == sent
