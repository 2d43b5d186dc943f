"""What generated C and headers say, also when they try to mislead."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microtvm_boards.mlf.c.header import parse_header
from microtvm_boards.mlf.c.metadata_tables import parse_tables
from microtvm_boards.mlf.c.source import scan_c
from microtvm_boards.mlf.c.text import without_comments_and_strings
from microtvm_boards.mlf.checks import Malformed
from microtvm_boards.mlf.relay.text import TensorType
from microtvm_boards.model import Interface, Pool
from tests.conftest import PATIENCE
from tests.mlf import builder
from tests.mlf.builder import Spec, T

TWO = Spec(inputs=(T("zeta", "int8", (1, 2)), T("alpha", "float32", ())), outputs=(T("o"), T("p")))


def of_kind(kind: str) -> Spec:
    return Spec(kind, inputs=TWO.inputs, outputs=TWO.outputs)


@pytest.mark.parametrize(
    ("kind", "interface", "arguments"),
    [("c", Interface.C, None), ("packed", Interface.PACKED, 4), ("pu", Interface.PACKED, 4)],
)
def test_the_entry_is_found_with_its_interface(
    kind: str, interface: Interface, arguments: int | None
) -> None:
    code = scan_c(builder.entry(of_kind(kind)), "default")
    assert (code.entry, code.main_args) == (interface, arguments)
    assert scan_c(builder.entry(of_kind(kind)), "other").entry is None


def test_static_buffers_of_the_memory_planner_are_added_up() -> None:
    buffer = '__attribute__((section(".bss.noinit.tvm"), aligned(16)))\nstatic uint8_t p{0}[{0}];\n'
    code = scan_c("".join(buffer.format(size) for size in (640, 32)), "default")
    assert [(b.name, b.size_bytes) for b in code.static_buffers] == [("p640", 640), ("p32", 32)]
    assert code.alignment == 16


def test_a_static_buffer_of_unknown_form_is_not_overlooked() -> None:
    with pytest.raises(Malformed, match="no size that can be read"):
        scan_c('__attribute__((section(".bss.noinit.tvm")))\nstatic uint8_t p[N];', "default")


def test_the_system_library_is_defined_and_not_called() -> None:
    definition = "const TVMModule* TVMSystemLibEntryPoint(void) {\n    return &lib;\n}\n"
    code = scan_c(definition, "default")
    assert code.system_lib
    assert not code.runtime_calls
    assert not scan_c("x = TVMSystemLibEntryPoint();", "default").system_lib


def test_calls_into_the_runtime_are_listed() -> None:
    text = "if (TVMFuncCall(f, (TVMValue*) stack) != 0) { TVMAPISetLastError (x); }"
    assert scan_c(text, "default").runtime_calls == {"TVMFuncCall", "TVMAPISetLastError"}


def test_the_header_gives_names_in_the_order_of_the_structs() -> None:
    header = parse_header(builder.header(TWO), "default")
    assert header.inputs == ("zeta", "alpha")
    assert header.outputs == ("o", "p")
    assert header.sizes == {"zeta": 2, "alpha": 4, "o": 4, "p": 4}
    assert not header.io_in_pools


def test_a_pool_of_constants_names_the_macro_with_its_bytes() -> None:
    text = builder.header(Spec(pools=(("sram", 64),))).replace(
        "void* sram;", "void* flash;\n  void* sram;"
    )
    text += "#define TVMGEN_DEFAULT_FLASH_CONSTANT_POOL_SIZE 2\n"
    text += "#define TVMGEN_DEFAULT_FLASH_CONSTANT_POOL_DATA \\\n    0x01, 0x02\\\n\n"
    assert parse_header(text, "default").pools == (
        Pool("flash", 2, "TVMGEN_DEFAULT_FLASH_CONSTANT_POOL_DATA"),
        Pool("sram", 64),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("struct tvmgen_default_inputs {", "struct other {", "declares no struct"),
        ("int32_t tvmgen_default_run(", "void f(", "declares no function"),
        ("_SRAM_WORKSPACE_POOL_SIZE", "_X", "no usable size of the pool sram"),
    ],
)
def test_a_header_that_lacks_something_is_malformed(old: str, new: str, message: str) -> None:
    text = builder.header(Spec(pools=(("sram", 64),)))
    assert old in text
    with pytest.raises(Malformed, match=message):
        parse_header(text.replace(old, new), "default")


def test_the_tables_give_names_shapes_and_data_types() -> None:
    tables = parse_tables(builder.tables(of_kind("packed")))
    assert tables.inputs == (
        ("zeta", TensorType("int8", (1, 2))),
        ("alpha", TensorType("float32", ())),
    )
    assert [name for name, _ in tables.outputs] == ["output0", "output1"]
    assert tables.workspace_pools == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{0, 8, 1}", "{3, 8, 1}"),
        ("{0, 8, 1}", "{0, 8, 4}"),
        ("{0, 8, 1}", "{0, 8}"),
        ("inputs_0_shape[2]", "inputs_0_shape[3]"),
        ("1L", "-1L"),
        ("1L", "x"),
        ("\nkTvmgenMetadata_inputs_0_shape", "\nkTvmgenMetadata_nothing"),
        ('"zeta"', "zeta"),
    ],
)
def test_damaged_tables_are_malformed(old: str, new: str) -> None:
    text = builder.tables(of_kind("packed"))
    assert old in text
    with pytest.raises(Malformed, match="kTvmgenMetadata"):
        parse_tables(text.replace(old, new, 1))


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        *("/*", "//", '"', '\\"', "()", "{", "[0", "   ", "TVM", "TVMx("),
        "int32_t tvmgen_default_run(",
        'section(".bss.noinit.tvm"',
        "static const int64_t kTvmgenMetadata[_shape[1] = {",
    ],
)
def test_megabytes_of_anything_are_scanned_in_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    start = time.perf_counter()
    with contextlib.suppress(Malformed):
        scan_c(text, "default")
    assert time.perf_counter() - start < PATIENCE


@pytest.mark.slow
@given(st.text(alphabet='/*"\\\nax ', max_size=60))
@settings(max_examples=300, deadline=None)
def test_comments_and_strings_are_taken_out_as_a_compiler_would(text: str) -> None:
    """Against a plain state machine."""
    expected, state, position = "", "code", 0
    while position < len(text):
        two, char = text[position : position + 2], text[position]
        step = 1
        if state == "code":
            if two in ("/*", "//"):
                state, step = two, 2
                expected += " "
            elif char == '"':
                state = '"'
                expected += '""'
            else:
                expected += char
        elif (state, two) == ("/*", "*/"):
            state, step = "code", 2
        elif state == "//" and char == "\n":
            state, step = "code", 0
        elif state == '"':
            if char == "\n":
                state, step = "code", 0
            elif char == "\\" and len(two) == 2:
                step = 2
            elif char in '"\\':
                state = "code"
                step = int(char == '"')
        position += step
    assert without_comments_and_strings(text) == expected


def test_a_macro_that_a_kernel_defines_for_itself_is_no_call() -> None:
    """As the int8 depthwise convolution of arm_cpu keys has one (TVM 0.16)."""
    text = "  #define TVMGEN_QUAD_DSP(a, b) { b += a; }\n  TVMGEN_QUAD_DSP(x, y)\n  TVMOther(x);\n"
    assert scan_c(text, "default").runtime_calls == {"TVMOther"}
