"""Normalizing changes orders and the date, and nothing else; any order in gives one order out."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microtvm_boards.relay.setup.reproducible import normalize, read_members, write_tar

POOLED = [f"  void* sid_{n}_let = (&(global_workspace_1_var[{64 * n}]));\n" for n in range(12)]
PACKED = "  void* pad_temp_let = (&(((uint8_t*)global_workspace_3_var_1)[576]));\n"
MACROS = [
    f'/*!\n * \\brief Output tensor y{n} size (in bytes) for TVM module "m" \n */\n'
    f"#define TVMGEN_M_Y{n}_SIZE {n}\n"
    for n in range(12)
]


def only(name: str, content: str) -> str:
    result = normalize({name: content.encode()})[name]
    assert result is not None
    return result.decode()


@pytest.mark.slow
@given(st.permutations([*POOLED, PACKED]))
def test_names_of_places_in_a_pool_come_out_sorted_by_number(lines: list[str]) -> None:
    source = "int f() {\n" + "".join(lines) + "  return 0;\n}\n"
    expected = "int f() {\n" + PACKED + "".join(POOLED) + "  return 0;\n}\n"
    assert only("./codegen/host/src/m_lib1.c", source) == expected


@pytest.mark.slow
@given(
    st.lists(
        st.sampled_from(
            [
                *POOLED[:3],
                "  a = b;\n",
                "  if (g(sid_1_let) != 0 ) return -1;\n",
                # Not a place in a pool: depends on another line.
                "  void* b_let = (&(a_let[0]));\n",
                "\n",
            ]
        )
    )
)
def test_lines_move_only_within_a_run(lines: list[str]) -> None:
    normal = only("a.c", "".join(lines)).splitlines(keepends=True)
    assert sorted(normal) == sorted(lines)
    for before, after in zip(lines, normal, strict=True):
        assert (before in POOLED) == (after in POOLED)
        assert before in POOLED or before == after


@pytest.mark.slow
@given(st.permutations(MACROS))
def test_macros_of_the_header_come_out_sorted_by_number(macros: list[str]) -> None:
    frame = "#include <stdint.h>\n\n", "struct tvmgen_m_inputs {\n  void* x;\n};\n"
    header = frame[0] + "".join(macros) + frame[1]
    assert only("tvmgen_m.h", header) == frame[0] + "".join(MACROS) + frame[1]


@given(st.permutations(["f_a", "f_b", "f_c"]))
def test_operators_in_the_metadata_are_sorted_and_the_date_is_fixed(names: list[str]) -> None:
    functions = {"operator_functions": [{"function_name": n, "workspace": []} for n in names]}
    module = {"export_datetime": "2026-11-21 03:31:04Z", "memory": {"functions": functions}}
    text = only("./metadata.json", json.dumps({"version": 7, "modules": {"m": module}}))
    expected = json.loads(text)["modules"]["m"]
    assert expected["export_datetime"] == "1970-01-01 00:00:00Z"
    sorted_names = [
        f["function_name"] for f in expected["memory"]["functions"]["operator_functions"]
    ]
    assert sorted_names == ["f_a", "f_b", "f_c"]


def test_the_date_of_an_operator_is_fixed_too() -> None:
    metadata = {
        "export_datetime": "2026-11-21 03:31:04Z",
        "style": "operator",
        "memory": {"op": []},
    }
    text = only("./metadata.json", json.dumps(metadata))
    assert json.loads(text) == {**metadata, "export_datetime": "1970-01-01 00:00:00Z"}


@pytest.mark.tvm
@settings(deadline=None, max_examples=30)
@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True),
        st.tuples(
            st.sampled_from(["int8", "int32", "float32", "int64"]),
            st.lists(st.integers(1, 4), max_size=4).map(tuple),
        ),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_parameters_come_out_sorted_with_the_same_values(
    kinds: dict[str, Any], shuffle: random.Random
) -> None:
    runtime = pytest.importorskip("tvm.runtime")
    arrays = {n: np.full(shape, len(n), dtype) for n, (dtype, shape) in kinds.items()}
    order = list(arrays)
    shuffle.shuffle(order)
    saved = [
        bytes(runtime.save_param_dict({n: runtime.ndarray.array(arrays[n]) for n in names}))
        for names in (list(arrays), order)
    ]
    first, second = (normalize({"m.params": content})["m.params"] for content in saved)
    assert first is not None
    assert first == second
    loaded = {str(n): array.numpy() for n, array in runtime.load_param_dict(first).items()}
    assert set(loaded) == set(arrays)
    for name, array in arrays.items():
        assert loaded[name].dtype == array.dtype
        assert loaded[name].shape == array.shape
        assert (loaded[name] == array).all()


def test_a_written_tar_reads_back_whatever_was_put_in(tmp_path: Path) -> None:
    members = {"./b": b"", "./a": None, "./a/long" + "g" * 200: bytes(range(256))}
    write_tar(tmp_path / "a.tar", members)
    assert read_members(tmp_path / "a.tar") == members
    assert list(read_members(tmp_path / "a.tar")) == sorted(members)
