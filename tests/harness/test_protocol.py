"""Every line of the protocol is read as what it says, every other line is a DeviceError."""

from __future__ import annotations

import contextlib
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microtvm_boards.errors import DeviceError
from microtvm_boards.harness.protocol import (
    Done,
    Fault,
    Greeting,
    Refusal,
    Result,
    TensorInfo,
    parse,
    printable,
)

U32 = st.integers(0, 2**32 - 1)
WORD = st.from_regex(r"[A-Z_?]{1,20}", fullmatch=True)


@given(U32, U32)
def test_greetings(models: int, samples: int) -> None:
    assert parse(f"mtvm 1 models={models} samples={samples}") == Greeting(models, samples)


@given(st.integers(0, 9), st.integers(-(2**31), 2**31 - 1), WORD, U32, U32, st.binary(max_size=50))
@pytest.mark.slow
def test_results(model: int, status: int, name: str, ticks: int, stack: int, data: bytes) -> None:
    line = f"result {model} {status} {name} ticks={ticks} stack={stack} {data.hex()}"
    assert parse(line) == Result(model, status, name, ticks, stack, data)


@given(
    name=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), min_size=1),
    dtype=st.sampled_from(["int8", "uint64", "float16", "bool"]),
    shape=st.none() | st.lists(U32, max_size=6).map(tuple),
    scale=st.none() | st.floats(width=32, allow_nan=False).filter(lambda x: x != 0),
    zero_point=st.integers(-(2**31), 2**31 - 1),
)
def test_tensors_whatever_their_name(
    name: str, dtype: str, shape: tuple[int, ...] | None, scale: float | None, zero_point: int
) -> None:
    dimensions = "?" if shape is None else "x".join(map(str, shape)) or "-"
    bits = "-" if scale is None else struct.pack(">f", scale).hex()
    line = f"tensor 3 out 12 {name} {dtype} 4711 {dimensions} {bits} {zero_point}"
    expected = TensorInfo(3, False, 12, name, dtype, 4711, shape, scale, zero_point)
    assert parse(line) == expected


def test_a_scale_that_is_no_number_stays_one() -> None:
    info = parse("tensor 0 in 0 x int8 1 1 7fc00000 0")
    assert isinstance(info, TensorInfo)
    assert info.scale is not None
    assert math.isnan(info.scale)


def test_the_short_lines() -> None:
    assert parse("done") == Done()
    assert parse("error inputs") == Refusal("inputs")
    assert parse("fault 0000beef ffffffff") == Fault(0xBEEF, 0xFFFFFFFF)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "done ",
        "done\n",
        "fault",
        "fault 12 34",
        "fault 0000BEEF 00000000",
        "mtvm",
        "mtvm 1",
        "mtvm 1 models=-1 samples=0",
        "result 0 0 MTVM_OK ticks=1 stack=1",
        "result 0 0 MTVM_OK ticks=1 stack=1 abc",
        "result 0 0 MTVM_OK ticks=1 stack=1 AB",
        "result 10 0 MTVM_OK ticks=1 stack=1 ab",
        "result 0 0 MTVM_OK ticks=99999999999 stack=1 ab",
        "tensor 0 in 0 x int8 1 1x 00000000 0",
        "tensor 0 inout 0 x int8 1 1 - 0",
        "tensor 0 in 0  int8",
        "Result 0 0 MTVM_OK ticks=1 stack=1 ",
    ],
)
def test_a_line_that_is_nearly_right_is_no_answer(line: str) -> None:
    with pytest.raises(DeviceError, match="no answer"):
        parse(line)


WORDS = st.sampled_from(
    ["mtvm", "result", "tensor", "done", "error", "fault", "in", "-", "?", "ticks=1", "stack="]
)


@given(st.text() | st.lists(WORDS | st.text(max_size=5) | U32.map(str)).map(" ".join))
def test_garbage_is_a_device_error_and_nothing_else(line: str) -> None:
    with contextlib.suppress(DeviceError):
        parse(line)


@given(st.binary())
def test_bytes_are_shown_on_one_line_of_printable_ascii(data: bytes) -> None:
    shown = printable(data, limit=20)
    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) <= 2 + 3 + 4 * 20
