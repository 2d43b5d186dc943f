"""The parameters of each method: all there, none more, each of its type."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microtvm_boards.server.jsonrpc import INVALID_PARAMS, RpcError
from microtvm_boards.server.params import SIGNATURES, check_params

GOOD: dict[str, dict[str, Any]] = {
    "server_info_query": {"tvm_version": "0.16.0"},
    "generate_project": {
        "model_library_format_path": "/model.tar",
        "standalone_crt_dir": "",
        "project_dir": "/project",
        "options": {"board": "host"},
    },
    "build": {"options": {}},
    "flash": {"options": {}},
    "open_transport": {"options": {}},
    "close_transport": {},
    "read_transport": {"n": 4, "timeout_sec": 1.5},
    "write_transport": {"data": "VPaz", "timeout_sec": None},
}

WRONG: dict[str, tuple[object, ...]] = {
    "tvm_version": (None, 16, ["0.16"]),
    "model_library_format_path": (None, 1, {}),
    "standalone_crt_dir": (None, False),
    "project_dir": (None, []),
    "options": (None, "board=host", ["board"], 1),
    "n": (None, "4", 4.0, True, 0, -1, 2**40, float("nan")),
    "timeout_sec": ("1", True, -1, -0.5, float("nan"), [1]),
    "data": (None, 5, "ü", "\x00", "a b", "~~~~~", b"x"),
}


def refused(method: str, params: dict[str, Any]) -> str:
    with pytest.raises(RpcError) as caught:
        check_params(method, params)
    assert caught.value.code == INVALID_PARAMS
    assert caught.value.message.startswith(f"{method}: ")
    return caught.value.message


def test_the_methods_are_those_of_the_project_api() -> None:
    assert SIGNATURES.keys() == GOOD.keys()


@pytest.mark.parametrize("method", GOOD)
def test_good_parameters_pass(method: str) -> None:
    assert check_params(method, GOOD[method]).keys() == GOOD[method].keys()


@pytest.mark.parametrize(("method", "name"), [(m, n) for m, p in GOOD.items() for n in p])
def test_a_missing_parameter_is_named(method: str, name: str) -> None:
    left = {k: v for k, v in GOOD[method].items() if k != name}
    assert f'"{name}" is missing' in refused(method, left)


@pytest.mark.parametrize("method", GOOD)
def test_an_extra_parameter_is_named(method: str) -> None:
    assert "'colour' is not one of its parameters" in refused(method, GOOD[method] | {"colour": 1})


@pytest.mark.parametrize(
    ("method", "name", "value"),
    [(m, n, v) for m, p in GOOD.items() for n in p for v in WRONG[n]],
)
def test_a_parameter_of_the_wrong_type_is_named_with_what_was_found(
    method: str, name: str, value: object
) -> None:
    message = refused(method, GOOD[method] | {name: value})
    assert f'"{name}" is ' in message
    assert repr(value) in message


def test_seconds_may_be_an_int_a_float_null_or_endless() -> None:
    def seconds(value: object) -> object:
        return check_params("read_transport", {"n": 1, "timeout_sec": value})["timeout_sec"]

    assert seconds(2) == 2.0
    assert seconds(0) == 0.0
    assert seconds(0.25) == 0.25
    assert seconds(None) is None
    assert seconds(float("inf")) == seconds(10**400) == 1e6


@given(st.binary())
def test_a_payload_arrives_as_it_was_sent(payload: bytes) -> None:
    sent = {"data": base64.b85encode(payload).decode(), "timeout_sec": 0}
    assert check_params("write_transport", sent)["data"] == payload


@given(st.text())
def test_any_text_as_payload_is_bytes_or_invalid_params(text: str) -> None:
    try:
        check_params("write_transport", {"data": text, "timeout_sec": 0})
    except RpcError as error:
        assert error.code == INVALID_PARAMS
