"""The envelope: what is a request, and which error answers what is none."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microtvm_boards.server.jsonrpc import (
    INVALID_REQUEST,
    PARSE_ERROR,
    RpcError,
    error_line,
    parse_request,
    result_line,
)

GOOD = {"jsonrpc": "2.0", "id": 7, "method": "build", "params": {"options": {}}}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def line(envelope: object) -> bytes:
    return json.dumps(envelope).encode() + b"\n"


def refused(data: bytes) -> RpcError:
    with pytest.raises(RpcError) as caught:
        parse_request(data)
    return caught.value


def test_a_request_is_read() -> None:
    request = parse_request(line(GOOD))
    assert request.method == "build"
    assert request.params == {"options": {}}
    assert request.id == 7
    assert not request.is_notification


def test_a_request_without_an_id_is_a_notification_and_one_with_id_null_is_not() -> None:
    without = {k: v for k, v in GOOD.items() if k != "id"}
    assert parse_request(line(without)).is_notification
    assert not parse_request(line(GOOD | {"id": None})).is_notification


def test_params_may_be_left_out_as_json_rpc_allows() -> None:
    assert parse_request(line({k: v for k, v in GOOD.items() if k != "params"})).params == {}


@pytest.mark.parametrize(
    "data",
    [
        b"\n",
        b"",
        b"{\n",
        b'{"jsonrpc": "2.0", "id": 1\n',
        b"\xff\xfe\n",
        json.dumps(GOOD).encode("utf-16") + b"\n",
        b"9" * 100_000 + b"x\n",
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_line_that_is_no_json_is_a_parse_error_with_id_null(data: bytes) -> None:
    error = refused(data)
    assert (error.code, error.id) == (PARSE_ERROR, None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"jsonrpc": "1.0"}, '"jsonrpc"'),
        ({"jsonrpc": None}, '"jsonrpc"'),
        ({"method": 5}, '"method"'),
        ({"method": None}, '"method"'),
        ({"params": [1]}, '"params"'),
        ({"params": None}, '"params"'),
        ({"params": "x"}, '"params"'),
    ],
)
def test_a_bad_envelope_names_the_bad_part_and_keeps_the_id(
    change: dict[str, Any], says: str
) -> None:
    error = refused(line(GOOD | change))
    assert (error.code, error.id) == (INVALID_REQUEST, 7)
    assert says in error.message


@pytest.mark.parametrize("bad_id", [True, [], {}, float("nan"), float("inf")])
def test_an_id_of_another_type_is_refused_and_not_sent_back(bad_id: object) -> None:
    error = refused(line(GOOD | {"id": bad_id}))
    assert (error.code, error.id) == (INVALID_REQUEST, None)


@pytest.mark.parametrize("data", [b"[]\n", line([GOOD]), line([GOOD, GOOD])])
def test_a_batch_is_refused_in_plain_words(data: bytes) -> None:
    error = refused(data)
    assert (error.code, error.id) == (INVALID_REQUEST, None)
    assert "Batches are not served" in error.message


@pytest.mark.parametrize("data", [b"1\n", b'"build"\n', b"null\n", b"true\n", b"NaN\n"])
def test_json_that_is_no_object_is_an_invalid_request(data: bytes) -> None:
    assert refused(data).code == INVALID_REQUEST


def test_a_long_value_is_cut_in_the_message() -> None:
    assert len(refused(line(GOOD | {"method": ["x" * 10_000]})).message) < 200


def test_a_reply_is_one_line_of_ascii() -> None:
    reply = result_line("ü\n\ud800", {"data": "ß\n"})
    assert reply.isascii()
    assert reply.count(b"\n") == 1
    assert json.loads(reply) == {"jsonrpc": "2.0", "id": "ü\n\ud800", "result": {"data": "ß\n"}}


def test_an_error_without_data_has_no_data_member() -> None:
    assert json.loads(error_line(RpcError(PARSE_ERROR, "no", id=None)))["error"] == {
        "code": PARSE_ERROR,
        "message": "no",
    }


def test_a_result_that_json_cannot_hold_is_not_written() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        result_line(1, float("nan"))


@pytest.mark.slow
@given(st.binary() | json_values.map(line))
def test_any_bytes_are_a_request_or_an_rpc_error(data: bytes) -> None:
    try:
        parse_request(data)
    except RpcError as error:
        assert error.code in (PARSE_ERROR, INVALID_REQUEST)
        json.loads(error_line(error))


@pytest.mark.slow
@given(
    st.text(),
    st.dictionaries(st.text(), json_values),
    st.none() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
)
def test_every_well_formed_request_is_read_as_it_was_sent(
    method: str, params: dict[str, Any], request_id: object
) -> None:
    sent = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}
    request = parse_request(line(sent))
    assert (request.method, request.id) == (method, request_id)
    assert json.dumps(request.params) == json.dumps(params)
