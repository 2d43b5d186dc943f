"""The loop over lines, in this process: bounds, and a client that goes away."""

import io
import json
import os

from microtvm_boards.server.jsonrpc import INVALID_REQUEST
from microtvm_boards.server.process import serve


def served(requests: bytes, max_line: int) -> list[bytes]:
    """The replies to `requests`; each line that passes is answered with itself."""
    read_end, write_end = os.pipe()
    serve(io.BytesIO(requests), write_end, lambda line: line, max_line=max_line)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as replies:
        return replies.readlines()


def test_a_line_up_to_the_limit_passes_whole() -> None:
    assert served(b"12345678\n", 8) == [b"12345678\n"]
    assert served(b"12345678", 8) == [b"12345678"]


def test_a_longer_line_is_refused_and_the_next_one_is_served() -> None:
    for excess in range(1, 30):
        refused, passed = served(b"x" * (8 + excess) + b"\nnext\n", 8)
        assert json.loads(refused)["error"]["code"] == INVALID_REQUEST
        assert passed == b"next\n"


def test_a_longer_line_without_an_end_is_refused_once() -> None:
    assert len(served(b"x" * 100, 8)) == 1


def test_the_loop_ends_when_nobody_reads_the_replies() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    requests = io.BytesIO(b"1\n2\n3\n")
    serve(requests, write_end, lambda line: line)
    os.close(write_end)
    assert requests.readline() == b"2\n"
