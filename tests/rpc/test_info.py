"""What a firmware says about itself, and what it may not say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microtvm_boards.errors import DeviceError
from microtvm_boards.rpc import DeviceInfo
from microtvm_boards.rpc.info import parse_info

GOOD = {
    "protocol": 1,
    "board": "host",
    "models": ["foo", "bar"],
    "model_sha256": "674d3c26",
    "packet_bytes": 2048,
    "tensor_heap_bytes": 4096,
    "codec": "classic",
}


def test_a_firmware_describes_itself() -> None:
    assert parse_info(json.dumps(GOOD)) == DeviceInfo(
        "host", ("foo", "bar"), "674d3c26", 2048, 4096
    )


@pytest.mark.parametrize("text", ["", "{", "[]", "3", None, 7, b"{}", "[" * 100_000])
def test_what_is_no_description_is_an_error(text: object) -> None:
    with pytest.raises(DeviceError, match="makes no sense"):
        parse_info(text)


def test_another_protocol_is_an_error() -> None:
    with pytest.raises(DeviceError, match="version 2"):
        parse_info(json.dumps({**GOOD, "protocol": 2}))


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key in GOOD if key != "codec"])
@given(
    value=st.none() | st.text() | st.integers() | st.lists(st.none()) | st.floats() | st.booleans()
)
def test_a_field_of_any_kind_is_understood_or_an_error(key: str, value: object) -> None:
    try:
        parse_info(json.dumps({**GOOD, key: value}))
    except DeviceError:
        return
