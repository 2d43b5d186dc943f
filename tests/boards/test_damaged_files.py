"""Whatever is in a board file: a Board or a BoardError, and never anything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from microtvm_boards.boards import board_names, load_board
from microtvm_boards.boards.yaml_tree import parse_yaml
from microtvm_boards.errors import BoardError
from tests.boards.good import GOOD

LINES = GOOD.splitlines(keepends=True)
SNIPPETS = st.sampled_from([
    "\t", " ", ":", "- ", "[", "{", "}", "&a ", "*a", "!!str ", "%YAML 1.1\n", "---\n", "? ", "|",
    "'", '"', "\\U99999999", "~", "-1", "0x", "99999999999999999999", "true", "\0", "\ud800",
    "<<: ", "\n", "#", "name: x\n", "1e3", "{a: [b]}", "null", "4G", "0xffffffff", "\ufeff",
])  # fmt: skip
SOME_VALUES = st.recursive(
    st.sampled_from(["", "ram", "flash", "RAM", "baremetal", "4G", "0xffffffff", "a\nb"])
    | st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner,
                                                                max_size=3),
    max_leaves=4,
)  # fmt: skip


@st.composite
def damaged_values(draw: st.DrawFn) -> str:
    """A file with good syntax in which some values are replaced, removed or repeated."""
    root: Any = parse_yaml(GOOD).value
    for _ in range(draw(st.integers(1, 3))):
        part = root
        while True:
            keys = list(part) if isinstance(part, dict) else list(range(len(part)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(part[key], (dict, list)) and draw(st.booleans()):
                part = part[key]
                continue
            change = draw(st.sampled_from(["remove", "replace", "repeat"]))
            if change == "remove":
                del part[key]
            elif change == "replace":
                part[key] = draw(SOME_VALUES)
            elif isinstance(part, list):
                part.append(part[key])
            break
    return json.dumps(root)  # JSON is YAML


@st.composite
def damaged_files(draw: st.DrawFn) -> str:
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        column = draw(st.integers(0, len(line)))
        snippet = draw(st.one_of(SNIPPETS, st.text(max_size=4)))
        lines[at] = draw(
            st.sampled_from(
                [
                    line[:column] + snippet + line[column:],
                    line[:column] + snippet + "\n",
                    line.split(":")[0] + ": " + snippet + "\n",
                    "",
                    line * 2,
                    "  " + line,
                    line.lstrip(),
                ]
            )
        )
    return "".join(lines)


@pytest.mark.slow
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@example("")
@example("\ud800")
@given(damaged_files() | damaged_values())
def test_a_damaged_file_gives_a_board_or_a_board_error_that_names_it(
    board_file: Path, text: str
) -> None:
    board_file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        board = load_board(str(board_file))
    except BoardError as error:
        assert error.cause.startswith(f"{board_file}:")
        str(error).encode()
    else:
        assert all(0 <= m.origin < m.origin + m.size <= 1 << 32 for m in board.memories)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8"))))
def test_any_bytes_give_a_board_error(board_file: Path, data: bytes) -> None:
    board_file.write_bytes(data)
    with pytest.raises(BoardError):
        load_board(str(board_file))


@given(st.text(max_size=30))
def test_any_name_that_is_no_board_gives_a_board_error(name: str) -> None:
    if name not in board_names():
        with pytest.raises(BoardError):
            load_board(name)
