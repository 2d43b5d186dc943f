"""runtime=standalone_crt: which parts of TVM's runtime a project gets, and which models it serves.

Plans alone: they need no TVM.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.errors import ModelError
from microtvm_boards.mlf import load
from microtvm_boards.project import parse_options
from microtvm_boards.project.plan.crt_server import best_page_bits, pages, tensor_blocks
from microtvm_boards.project.plan.draft import Plan
from microtvm_boards.project.plan.plan import plan
from microtvm_boards.project.target import choose_target
from tests.conftest import DATA

PAGE = Path(__file__).resolve().parents[2] / "docs" / "runtime.md"
# A model library, and the entry point of its project, for each row of the table.
USES = {
    "`c`, no workspace": ("foo_c", "c"),
    "`c`, kernels ask for workspace": ("foo_c_nousmp", "c"),
    "`packed`, AOT executor": ("foo_packed", "packed"),
    "`packed`, graph": ("foo_graph", "packed"),
    "`packed`, time evaluator and random tensors": ("shapes_graph", "packed"),
}


def planned(name: str, entrypoint: str, **options: object) -> Plan:
    raw: dict[str, object] = {
        "board": "mps2_an386",
        "runtime": "standalone_crt",
        "model_entrypoint_api": entrypoint,
        **options,
    }
    board = load_board(str(raw["board"]))
    parsed = parse_options(raw, "generate_project")
    return plan(load(DATA / f"{name}.tar"), board, parsed, choose_target(board, parsed))


def documented() -> dict[str, list[str]]:
    """Patterns of files for each use, as docs/runtime.md lists them."""
    rows = re.findall(r"^\| (`(?:c|packed)`, [^|]*) \| ([^|]*) \|$", PAGE.read_text(), re.MULTILINE)
    table: dict[str, list[str]] = {}
    above: list[str] = []
    for use, cell in rows:
        found = [p for p in re.findall(r"`([^`]*)`", cell) if "/" in p]
        above = [*above, *found] if "those of the row above" in cell else found
        table[use] = above
    return table


def matches(pattern: str, path: str) -> bool:
    """`*` is anything but a slash; `{a,b}` is a or b."""
    regex = re.escape(pattern).replace(r"\*", "[^/]*").replace(r"\{", "(").replace(r"\}", ")")
    return re.fullmatch(regex.replace(",", "|"), path) is not None


@pytest.mark.parametrize("use", USES)
def test_a_project_gets_what_the_table_lists_and_no_more(use: str) -> None:
    parts = [
        file.path.removeprefix("crt/")
        for file in planned(*USES[use]).files
        if file.path.startswith("crt/")
    ]
    patterns = documented()[use]
    assert [part for part in parts if not any(matches(p, part) for p in patterns)] == []
    assert [p for p in patterns if not any(matches(p, part) for part in parts)] == []


def test_every_row_of_the_table_is_tested() -> None:
    assert list(documented()) == list(USES)


@pytest.mark.parametrize(
    ("name", "why", "fix"),
    [
        ("foo_c", "has a C entry", "Executor('aot', {'interface-api': 'packed'"),
        ("foo_pu", r"no function registry \(system-lib\)", "Runtime('crt', {'system-lib': True})"),
        ("two_modules_c", "has a C entry", "Runtime('crt', {'system-lib': True})"),
        ("objects_packed_x86", "tvmgen_int_get_c_metadata", "runtime=own"),
    ],
)
def test_what_tvms_server_cannot_serve_is_refused(name: str, why: str, fix: str) -> None:
    board = "host" if name.endswith("_x86") else "mps2_an386"
    with pytest.raises(ModelError, match=why) as error:
        planned(name, "packed", board=board)
    assert error.value.hint.startswith("runtime=own")
    assert fix in error.value.hint


def test_limits_of_tvms_runtime_follow_from_the_plan() -> None:
    small = planned("foo_packed", "packed", rpc_packet_bytes=512)
    large = planned("foo_packed", "packed", rpc_packet_bytes=8192)
    assert small.crt is not None and large.crt is not None
    assert large.crt.packet_pages << large.crt.page_bits == 8192
    assert small.crt.most_arguments == 4 + 8  # tensors, and what an AOT entry may append
    assert small.crt.longest_name > len("tvmgen_foo_get_c_metadata")


def test_every_block_that_a_run_takes_is_counted() -> None:
    """Of TVM's executor (v0.16, on 64-bit hosts) and of each tensor: its shape, and its data."""
    blocks = tensor_blocks(planned("foo_packed", "packed").modules, 0)
    assert blocks[:2] == [40, (4 + 8) * 56]  # TVMAotExecutor; TVMNDArrays, pools too
    assert blocks[2:] == [8 * 4, 192, 8 * 4, 192, 8 * 2, 5, 8 * 4, 256]


def test_tvms_server_has_its_state_and_its_notes_of_pages_in_ram() -> None:
    crt = (result := planned("foo_packed", "packed")).crt
    assert crt is not None
    needs = {need.what: need.size_bytes for need in result.needs if need.memory == "RAM"}
    assert needs["notes of TVM's page allocator"] == crt.pages * 88 + 168
    assert needs["state of RPC"] >= 512 + 416 + 2048 + 24 + 16
    assert needs["TVM's runtime"] == 1280


def test_pages_are_of_the_size_that_wastes_least() -> None:
    assert best_page_bits([64] * 100, 16) == 6
    assert best_page_bits([1 << 20], 16) == 12
    assert best_page_bits([64] * 100, 256) == 8  # a block starts where its page does
    assert [pages(size, 8) for size in (0, 1, 256, 257)] == [1, 1, 1, 2]
