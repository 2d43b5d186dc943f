"""What is read out of the bodies of generated functions: calls, sizes, constants, scratch."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microtvm_boards.mlf.c.main import read_main
from microtvm_boards.mlf.c.operators import constants_of, functions_of, read_operator
from microtvm_boards.mlf.c.ranges import Range, range_of
from microtvm_boards.mlf.relay.macs import MacLayer, mac_layers
from microtvm_boards.mlf.relay.text import parse_relay

VARIABLES = {"i": Range(0, 35), "j": Range(0, 2), "c": Range(0, 7)}


@pytest.mark.parametrize(
    ("expression", "low", "high"),
    [
        ("((i * 8) + c)", 0, 287),
        ("((((i / 6) * 48) + (j * 48)) + ((i % 6) * 8))", 0, 376),
        ("((i >> 2) * 4 + (i & 3))", 0, 35),
        ("(c % 16)", 0, 7),
        ("(i & 63)", 0, 35),
        ("(i & 37)", 0, 37),
        ("(c << 3)", 0, 56),
        ("(i % 36)", 0, 35),
        ("(i % 35)", 0, 34),
        ("(i / 36)", 0, 0),
        ("((j - 1) * (c - 3))", -4, 4),
        ("(int32_t)5", 5, 5),
        ("(i < 3) ? i : c", 0, 35),
        ("-3 + j", -3, -1),
        ("(0x10 - c)", 9, 16),
    ],
)
def test_an_index_is_bounded_by_its_loops(expression: str, low: int, high: int) -> None:
    assert range_of(expression, VARIABLES) == Range(low, high)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "k",
        "i +",
        "(i",
        "i)",
        "i / c",
        "i / 0",
        "f(i)",
        "p[i]",
        "-1 / 2",
        "(" * 1000,
        "-" * 1000,
        "01",
        "1 +" * 3000,
    ],
)
def test_what_is_not_understood_has_no_bounds(expression: str) -> None:
    assert range_of(expression, VARIABLES) is None


@given(st.text("ij0123456789+-*/%&()<>? :", max_size=40))
def test_no_text_breaks_it_and_bounds_hold(expression: str) -> None:
    found = range_of(expression, VARIABLES)
    assert found is None or found.low <= found.high


Texts = tuple[str, str]  # an expression in C, and the same in Python


def _grown(inner: st.SearchStrategy[Texts]) -> st.SearchStrategy[Texts]:
    def both(operator: str, a: Texts, b: Texts) -> Texts:
        python = operator.replace("/", "//")
        return f"({a[0]} {operator} {b[0]})", f"({a[1]} {python} {b[1]})"

    def choice(a: Texts, b: Texts, c: Texts, d: Texts) -> Texts:
        return (
            f"(({a[0]} < {b[0]}) ? {c[0]} : {d[0]})",
            f"({c[1]} if {a[1]} < {b[1]} else {d[1]})",
        )

    constant = st.sampled_from(["1", "2", "3", "7", "0x8"]).map(lambda c: (c, c))
    return (
        st.builds(both, st.sampled_from(["+", "-", "*"]), inner, inner)
        | st.builds(both, st.sampled_from(["/", "%", "&", "<<", ">>"]), inner, constant)
        | st.builds(choice, inner, inner, inner, inner)
        | inner.map(lambda a: (f"(-{a[0]})", f"(-{a[1]})"))
    )


_LEAVES = st.sampled_from(["i", "j", "c", "0", "5"]).map(lambda a: (a, a))


@given(st.recursive(_LEAVES, _grown, max_leaves=6), st.data())
@settings(max_examples=300, deadline=None)
@pytest.mark.slow
def test_no_value_lies_outside_its_bounds(texts: Texts, data: st.DataObject) -> None:
    found = range_of(texts[0], VARIABLES)
    if found is None:  # of negative numbers, which C and Python divide differently
        return
    variables = {n: data.draw(st.integers(r.low, r.high)) for n, r in VARIABLES.items()}
    assert found.low <= eval(texts[1], variables) <= found.high


OPERATOR = """
static const int16_t __attribute__((section(".rodata.tvm"), aligned(16))) weights[24] = {
    +0x0001
};
#ifdef __cplusplus
extern "C"
#endif
TVM_DLL int32_t tvmgen_m_op(int8_t* p0, int16_t* T_out, uint8_t* global_workspace_2_var) {
  void* pad_let = (&(global_workspace_2_var[96]));
  for (int32_t i = 0; i < 4; ++i) {
    int32_t cse_var_1 = (i * 3);
    ((int32_t*)pad_let)[i] = ((int32_t)p0[i]);
    for (int32_t k = 0; k < 3; ++k) {
      T_out[(cse_var_1 + k)] = ((int16_t)(((int32_t*)pad_let)[i] * ((int16_t*)weights)[k]));
    }
  }
  return 0;
}
"""


def test_an_operator_says_what_it_writes_and_takes() -> None:
    constants = constants_of(OPERATOR)
    ((name, parameters, start, end),) = functions_of(OPERATOR)
    assert name == "tvmgen_m_op"
    found = read_operator(parameters, OPERATOR[start:end], constants)
    assert (found.packed, found.arguments) == (False, 3)
    assert found.tensors == (0, 1)  # the pool is none
    assert dict(found.writes) == {1: 24}  # 12 elements of 2 bytes
    assert [(s.size_bytes, s.pool) for s in found.scratch] == [(16, ("global_workspace", 96))]
    assert [constants[c].size_bytes for c in found.constants] == [48]


def test_an_index_without_bounds_leaves_the_size_open() -> None:
    text = OPERATOR.replace("T_out[(cse_var_1 + k)]", "T_out[lookup(k)]")
    ((_, parameters, start, end),) = functions_of(text)
    found = read_operator(parameters, text[start:end], {})
    assert dict(found.writes) == {1: None}


def test_an_operator_that_a_library_computes_writes_its_last_tensor() -> None:
    text = (
        "TVM_DLL int32_t tvmgen_m_op(void* input, void* output) {\n"
        "  arm_convolve_s8(input, output);\n  return 0;\n}\n"
    )
    ((_, parameters, start, end),) = functions_of(text)
    assert dict(read_operator(parameters, text[start:end], {}).writes) == {1: None}


def test_a_file_without_a_main_function_has_no_calls() -> None:
    assert read_main(OPERATOR) is None


RELAY = (
    "def @main(%x: Tensor[(1, 8, 8, 4), int8], %w: Tensor[(3, 3, 4, 1), int8], "
    "%d: Tensor[(5, 16), int8]) {\n"
    "  %0 = qnn.conv2d(%x, %w, 0, 0, 1f, 1f, strides=[4, 4], padding=[1, 1, 1, 1], groups=4, "
    'channels=4, kernel_size=[3, 3], data_layout="NHWC", kernel_layout="HWOI", out_dtype="int32");'
    "\n  %1 = reshape(%0, newshape=[1, 16]);\n"
    "  nn.dense(%1, %d, units=5)\n}\n"
)


def test_multiply_accumulates_follow_from_shapes() -> None:
    main = parse_relay(RELAY)
    assert main is not None
    assert mac_layers(main) == (
        MacLayer("conv2d", outputs=16, weights=36, macs=16 * 9),  # depthwise: one channel each
        MacLayer("dense", outputs=5, weights=80, macs=80),
    )


def test_layers_whose_shapes_are_not_there_are_left_out() -> None:
    main = parse_relay(RELAY.replace("%w: Tensor[(3, 3, 4, 1), int8]", "%w: Tensor[(?, 3), int8]"))
    assert main is not None
    assert [layer.kind for layer in mac_layers(main)] == ["dense"]
