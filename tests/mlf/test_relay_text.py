"""What the relay text says: parameters, results, types, quantization; and what it doesn't."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microtvm_boards.mlf.relay.quantization import (
    input_axis,
    input_quantization,
    output_axis,
    output_quantization,
)
from microtvm_boards.mlf.relay.text import RelayMain, TensorType, parse_call, parse_relay
from microtvm_boards.mlf.relay.types import PartialType, infer_results
from microtvm_boards.model import Quantization


def read(body: str, params: str = "%x: Tensor[(1, 4), int8]", result: str = "") -> RelayMain:
    lines = "".join(f"  {line}\n" for line in body.strip().split("\n"))
    main = parse_relay(f'#[version = "0.0.5"]\ndef @main({params}){result} {{\n{lines}}}\n')
    assert main is not None
    return main


@pytest.mark.parametrize(
    ("text", "dtype", "shape"),
    [
        ("Tensor[(1, 49, 10, 1), int8]", "int8", (1, 49, 10, 1)),
        ("Tensor[(4), float32]", "float32", (4,)),
        ("Tensor[(4,), float32]", "float32", (4,)),
        ("Tensor[(), int32]", "int32", ()),
        ("int32", "int32", ()),
        ("bool", "bool", ()),
        ("Tensor[(1i64, 2i64), uint8]", "uint8", (1, 2)),
        ("Tensor[(?, 2), uint8]", "uint8", None),
        ("Tensor[(1, 3), int8] /* ty=Tensor[(1, 3), int8] span=a:0:0 */", "int8", (1, 3)),
    ],
)
def test_every_spelling_of_a_type_is_read(
    text: str, dtype: str, shape: tuple[int, ...] | None
) -> None:
    main = read("%x", f"%x: {text}, %y: bool")
    assert main.params == {"x": TensorType(dtype, shape), "y": TensorType("bool", ())}


@pytest.mark.parametrize(
    "span",
    [
        "a/b;c,d(e[f]{g:0:0",
        'quo"te:3:14',
        "sequential*/nested:0:0",
        "functional_1/conv2d/Conv2D:0:0",
        ":0:0",
    ],
)
def test_spans_may_hold_anything(span: str) -> None:
    main = read(
        f"%0 = nn.relu(%x) /* span={span} */;\n%1 = nn.relu(%0) /* span={span} */;\n%1",
        f"%x: Tensor[(1, 4), int8] /* span={span} */",
    )
    assert main.params == {"x": TensorType("int8", (1, 4))}
    assert [a.strip() for a in main.assignments.values()] == ["nn.relu(%x)", "nn.relu(%0)"]


def test_results_come_from_the_arrow_the_comment_or_not_at_all() -> None:
    pair = "(Tensor[(1, 2), int8], int32)"
    types = (TensorType("int8", (1, 2)), TensorType("int32", ()))
    assert read("(%0, %1)", result=f" -> {pair}").result_types == types
    assert read(f"(%0, %1) /* ty={pair} span=x:0:0 */").result_types == types
    assert read("(%0, %1)").result_types is None


def test_a_result_may_be_a_name_for_a_tuple() -> None:
    assert read("%2 = (%0, %1) /* ty=(int8, int8) */;\n%2").results == ("%0", "%1")


def test_attributes_of_main_and_names_with_odd_characters_are_told_apart() -> None:
    main = read("%v0", '%In:put.1: int8, %v0: int8, output_tensor_names=["out/x", "b,c"]')
    assert list(main.params) == ["In:put.1", "v0"]
    assert main.output_names == ("out/x", "b,c")
    assert main.param("0") == "v0"
    assert main.param("absent") is None


def test_a_name_that_the_printer_may_have_changed_for_another_is_not_taken() -> None:
    main = read("%v_a", "%v_a: int8, %v_a1: int16")  # variables "_a" and "v_a", in any order
    assert main.param("_a") is main.param("v_a") is None


def test_nested_functions_and_conditions_are_passed_over() -> None:
    main = read(
        "%0 = fn (%p0: int8, Primitive=1) -> int8 {\n"
        "  %9 = nn.relu(%p0);\n"
        "  %9\n"
        "};\n"
        "%1 = %0(%x);\n"
        "nn.relu(%1)"
    )
    assert "%9" not in main.assignments
    assert main.results == ("nn.relu(%1)",)


@pytest.mark.parametrize("text", ["", "def @main(", "def @main(%x", "def @main(%x: int8)", "}"])
def test_text_without_a_main_is_no_relay(text: str) -> None:
    assert parse_relay(text) is None


def test_a_call_is_split_at_its_own_commas() -> None:
    call = parse_call(
        'f.g((%1, %2), "a,b", meta[relay.Constant][0], pad=[1, 2], s="x)") /*ty=int8*/'
    )
    assert call is not None
    assert (call.op, call.args) == ("f.g", ("(%1, %2)", '"a,b"', "meta[relay.Constant][0]"))
    assert call.attrs == {"pad": "[1, 2]", "s": '"x)"'}


QUANTIZED = [
    ('qnn.quantize(%x, 0.00390625f /* span=a:0:0 */, -128, out_dtype="int8")', (0.00390625, -128)),
    ('qnn.requantize(%x, 1f, 0, 2.5e-05f, 3, axis=1, out_dtype="int8")', (2.5e-05, 3)),
    ("qnn.add(%x, %x, 1f, 0, 2f, 1, 0.5f, -3)", (0.5, -3)),
]


@pytest.mark.parametrize(("expression", "values"), QUANTIZED)
@pytest.mark.parametrize(
    "after", ["%0", "clip(%0, a_min=-128f, a_max=127f)", "reshape(nn.relu, newshape=[4])"]
)
def test_outputs_are_quantized_as_their_last_operator_says(
    expression: str, values: tuple[float, int], after: str
) -> None:
    after = after.replace("nn.relu", "%0")
    main = read(f"%0 = {expression};\n{after}")
    assert output_quantization(main, 0, "int8") == Quantization(*values)


@pytest.mark.parametrize(
    "body",
    [
        "%x",
        "nn.softmax(%x)",
        'qnn.quantize(%x, meta[relay.Constant][0], 0, out_dtype="int8")',
        'qnn.quantize(%x, 0.5f, %z, out_dtype="int8")',
        'qnn.quantize(%x, 0.5f, 3, out_dtype="uint8")',
        "qnn.quantize(%x)",
        "qnn.quantize(%x, 1.2.3f, 0)",
        "qnn.quantize(%x, 0f, 0)",
        '%0 = qnn.quantize(%x, 0.5f, 3, out_dtype="int8");\ncast(%0, dtype="int8")',
        "%0 = reshape(%0, newshape=[4]);\n%0",
    ],
)
def test_what_is_not_stated_plainly_is_not_guessed(body: str) -> None:
    assert output_quantization(read(body), 0, "int8") is None


@pytest.mark.parametrize(
    ("body", "axis"),
    [
        ('qnn.quantize(%x, meta[relay.Constant][0] /* ty=Tensor[(3), float32] */, '
         'meta[relay.Constant][1], out_dtype="int8", axis=2)', 2),
        ('qnn.quantize(%x, meta[relay.Constant][0], 0, out_dtype="int8")', -1),
        ('qnn.quantize(%x, 0.5f, 0, out_dtype="int8", axis=2)', None),
        ('qnn.quantize(%x, %s, %z, out_dtype="int8", axis=2)', None),
        ('qnn.quantize(%x, meta[relay.Constant][0], 0, out_dtype="int8", axis=two)', None),
    ],
)  # fmt: skip
def test_of_scales_per_channel_only_the_axis_is_there(body: str, axis: int | None) -> None:
    assert output_axis(read(body), 0, "int8") == axis


def test_inputs_may_have_scales_per_channel_too() -> None:
    main = read("qnn.dequantize(%x, meta[relay.Constant][0], meta[relay.Constant][1], axis=1)")
    assert input_axis(main, "x", "int8") == 1
    assert input_quantization(main, "x", "int8") is None
    assert input_axis(main, "x", "float32") is None


def test_floats_have_no_quantization() -> None:
    assert output_quantization(read("qnn.quantize(%x, 0.5f, 3)"), 0, "float32") is None
    assert input_quantization(read("qnn.dequantize(%x, 0.5f, 3)"), "x", "float32") is None


@pytest.mark.parametrize(
    "body",
    [
        'qnn.conv2d(%x, %w, 83, 0, 0.5f, meta[relay.Constant][0], out_dtype="int32")',
        'qnn.dense(%x, %w, 83, 0, 0.5f, 1f, units=2, out_dtype="int32")',
        "qnn.dequantize(%x, 0.5f, 83)",
        'qnn.requantize(%x, 0.5f, 83, 1f, 0, out_dtype="int8")',
        "qnn.add(%w, %x, 1f, 0, 0.5f, 83, 1f, 0)",
        "%0 = reshape(%x, newshape=[4]);\nqnn.dequantize(%0, 0.5f, 83)",
        "%0 = qnn.dequantize(%x, 0.5f, 83);\n%1 = nn.relu(%x);\nadd(%0, %1)",
    ],
)
def test_inputs_are_quantized_as_the_operators_that_take_them_say(body: str) -> None:
    assert input_quantization(read(body), "x", "int8") == Quantization(0.5, 83)


@pytest.mark.parametrize(
    "body",
    [
        "nn.relu(%x)",
        "qnn.dense(%w, %x, 83, 0, 0.5f, 1f)",
        "qnn.dequantize(%x1, 0.5f, 83)",
        "%0 = qnn.dequantize(%x, 0.5f, 83);\n%1 = qnn.dequantize(%x, 0.25f, 83);\nadd(%0, %1)",
        "%0 = qnn.dequantize(%x, 0.5f, 83);\n%1 = qnn.dequantize(%x, %s, 83);\nadd(%0, %1)",
    ],
)
def test_silence_and_contradictions_give_no_quantization(body: str) -> None:
    assert input_quantization(read(body), "x", "int8") is None


CONV = 'channels=8, kernel_size=[3, 3], data_layout="NHWC", kernel_layout="HWIO"'


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ("nn.softmax(%i)", (1, 8, 8, 3)),
        ("add(%i, 1f)", (1, 8, 8, 3)),
        ("add(1f, %i)", (1, 8, 8, 3)),
        ("multiply(%i, %w)", (1, 8, 8, 3)),
        ("reshape(%i, newshape=[1, -1])", (1, 192)),
        ("reshape(%i, newshape=[4, 48])", (4, 48)),
        ("%0 = reshape(%i, newshape=[-1, 64]);\nnn.dense(%0, %w, units=12)", (3, 12)),
        ("nn.batch_flatten(%i)", (1, 192)),
        (f"nn.conv2d(%i, %w, padding=[1, 1, 1, 1], {CONV})", (1, 8, 8, 8)),
        (f"nn.conv2d(%i, %w, strides=[2, 2], padding=[0, 0, 1, 1], {CONV})", (1, 4, 4, 8)),
        (f"nn.conv2d(%i, %w, dilation=[2, 2], {CONV})", (1, 4, 4, 8)),
        ('nn.max_pool2d(%i, pool_size=[2, 2], strides=[2, 2], layout="NHWC")', (1, 4, 4, 3)),
        ('nn.global_avg_pool2d(%i, layout="NHWC")', (1, 1, 1, 3)),
        ("mean(%i, axis=[1, 2], keepdims=True)", (1, 1, 1, 3)),
        ("sum(%i, axis=[-1])", (1, 8, 8)),
        ("sum(%i)", ()),
        ("%0 = mystery(%i) /* ty=Tensor[(5), float32] */;\nnn.relu(%0)", (5,)),
        ("nn.relu(mystery)", None),
        ("add(%i, %unknown)", None),
        ("add(%i, %bad)", None),
        ("nn.dense(%i, %w, units=None)", None),
        (f"nn.conv2d(%i, %w, padding=[1, 2, 3, 4, 5], {CONV})", None),
        ('nn.max_pool2d(%i, pool_size=[9, 9], strides=[1, 1], layout="NHWC")', None),
        ("reshape(%i, newshape=[0, -1])", None),
        ("reshape(%i, newshape=[-1, -1])", None),
        ('nn.max_pool2d(%i, pool_size=[2, 2], layout="NHWC", ceil_mode=True)', None),
        ('nn.conv2d(%i, %w, channels=8, kernel_size=[3, 3], data_layout="NCHW4c")', None),
    ],
)
def test_shapes_are_inferred_through_the_operators_that_models_end_in(
    body: str, shape: tuple[int, ...] | None
) -> None:
    params = (
        "%i: Tensor[(1, 8, 8, 3), float32], %w: Tensor[(3), float32], %bad: Tensor[(7), float32]"
    )
    (found,) = infer_results(read(body, params))
    if shape is None:
        assert found is None
        return
    assert found is not None
    assert found.resolve("float32", math.prod(shape)) == shape
    if None not in found.shape:
        assert found.resolve("float32", math.prod(shape) + 1) is None
    assert found.resolve("int8", math.prod(shape)) is None


@pytest.mark.parametrize(
    ("shape", "elements", "whole"),
    [
        ((2, 3), 6, (2, 3)),
        ((2, 3), 5, None),
        ((None, 3), 6, (2, 3)),
        ((None, 1), 7, (7, 1)),
        ((None,), 7, (7,)),
        ((None, 3), 7, None),
        ((None, 0), 0, None),
        ((None, None), 6, None),
        ((), 1, ()),
    ],
)
def test_one_dimension_follows_from_the_number_of_elements(
    shape: tuple[int | None, ...], elements: int, whole: tuple[int, ...] | None
) -> None:
    assert PartialType("", shape).resolve("int8", elements) == whole


@pytest.mark.parametrize(
    ("expression", "dtype"),
    [
        ('qnn.quantize(%x, 1f, 0, out_dtype="uint8")', "uint8"),
        ('qnn.dequantize(%x, 1f, 0, out_dtype="float32")', "float32"),
        ("qnn.dequantize(%x, 1f, 0)", "float32"),
        ('cast(%x, dtype="int32")', "int32"),
        ("nn.relu(%x)", "int8"),
    ],
)
def test_data_types_are_inferred_too(expression: str, dtype: str) -> None:
    (found,) = infer_results(read(expression))
    assert found is not None
    assert found.dtype == dtype


_pieces = st.sampled_from(
    '%x|%0| = |qnn.quantize(|(|)|[|,|/*|*/| ty=| span=|:0:0|Tensor[(1, 2), int8]|{\n|\n|}|;|"|'
    "\\|-> |newshape=|1f|  ".split("|")
)


@pytest.mark.slow
@given(st.lists(_pieces, max_size=40).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_text_whatever_raises(text: str) -> None:
    main = parse_relay(f"def @main(%x: Tensor[(1, 2), int8]) {{\n  {text}\n}}\n")
    if main is not None:
        infer_results(main)
        input_quantization(main, "x", "int8")
        output_quantization(main, 0, "int8")
