"""metadata.json: what is missing or of the wrong kind is named."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microtvm_boards.mlf.checks import Malformed
from microtvm_boards.mlf.metadata import IoTensor, parse_metadata
from tests.mlf.builder import Spec, mlf

GOOD: dict[str, Any] = json.loads(mlf(Spec())["./metadata.json"])


def parse(document: object) -> Any:
    return parse_metadata(json.dumps(document).encode())


def changed(path: str, value: object) -> dict[str, Any]:
    """GOOD with the value at `path` replaced, or left out when `value` is ..."""
    document: Any = copy.deepcopy(GOOD)
    *parents, last = [int(k) if k.isdigit() else k for k in path.split("/")]
    place = document
    for key in parents:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return document  # type: ignore[no-any-return]


M = "modules/default"
MAIN = f"{M}/memory/functions/main"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("version", ..., 'no "version"'),
        ("version", "7", '"version" must be a whole number'),
        ("version", True, '"version" must be a whole number'),
        ("modules", {}, '"modules" is empty'),
        ("modules", [], '"modules" must be an object'),
        (M, 3, 'module "default" must be an object'),
        (f"{M}/style", ..., 'no "style"'),
        (f"{M}/style", "partial", '"full-model" or "operator"'),
        (f"{M}/model_name", "other", '"model_name" of module "default" is \'other\''),
        (f"{M}/target", ..., 'no "target"'),
        (f"{M}/target", [4], "a target must be a string"),
        (f"{M}/executors", ["vm"], r'must be \["graph"\] or \["aot"\]'),
        (f"{M}/executors", ["graph", "aot"], r'must be \["graph"\] or \["aot"\]'),
        (f"{M}/executors", [{}], r'must be \["graph"\] or \["aot"\]'),
        (f"{M}/memory", ..., 'no "memory"'),
        (f"{M}/memory/functions", ..., 'no "functions"'),
        (MAIN, ..., 'no "main"'),
        (f"{MAIN}/0/workspace_size_bytes", -1, "whole number from 0"),
        (f"{MAIN}/0/workspace_size_bytes", 2**60, "whole number from 0"),
        (f"{MAIN}/0/workspace_size_bytes", 1.5, "whole number from 0"),
        (f"{MAIN}/0/inputs/x/dtype", ..., 'no "dtype"'),
        (f"{MAIN}/0/inputs/x/size", "4", "size of tensor"),
        (f"{MAIN}/0/inputs", ["x"], "must be an object"),
        (f"{M}/memory/functions/operator_functions/0/workspace", ..., 'no "workspace"'),
        (f"{M}/external_dependencies", {}, "must be a list"),
    ],
)
def test_what_is_wrong_is_named(path: str, value: object, message: str) -> None:
    with pytest.raises(Malformed, match=message):
        parse(changed(path, value))


def test_devices_that_disagree_on_a_tensor_are_refused() -> None:
    document = copy.deepcopy(GOOD)
    mains = document["modules"]["default"]["memory"]["functions"]["main"]
    mains.append(copy.deepcopy(mains[0]))
    mains[1]["inputs"]["x"]["size"] = 5
    with pytest.raises(Malformed, match="differs between devices"):
        parse(document)


def test_half_a_surrogate_pair_in_a_name_is_refused_before_it_breaks_a_terminal() -> None:
    document = changed(f"{MAIN}/0/inputs", {"\ud800": {"dtype": "int8", "size": 1}})
    with pytest.raises(Malformed, match="printable"):
        parse(document)


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"version": ' + b"9" * 5000 + b"}", b"null"],
    ids=["empty", "cut", "not utf-8", "deep", "long number", "null"],
)
def test_what_is_no_json_object_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_metadata(data)


def test_tensors_before_tvm_0_11_are_unknown_and_not_empty() -> None:
    assert parse(changed(f"{MAIN}/0/inputs", ...)).modules[0].inputs is None
    assert parse(GOOD).modules[0].inputs == (IoTensor("x", "int8", 4),)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def _paths(value: Any, prefix: str = "") -> list[str]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in items if isinstance(value, (dict, list)) else ():
        found.append(f"{prefix}{key}")
        found += _paths(inner, f"{prefix}{key}/") if isinstance(inner, (dict, list)) else []
    return found


@pytest.mark.slow
@given(path=st.sampled_from(_paths(GOOD)), value=_json)
@settings(max_examples=300, deadline=None)
def test_any_value_anywhere_gives_metadata_or_malformed(path: str, value: object) -> None:
    try:
        parse(changed(path, value))
    except Malformed as error:
        assert str(error).isprintable()
