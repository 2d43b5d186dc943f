"""Pools and arenas go to the memory that the option `pools` names; models share activations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.errors import MicroTvmBoardsError, UsageError
from microtvm_boards.mlf import load
from microtvm_boards.model import Model
from microtvm_boards.model.module import StaticBuffer
from microtvm_boards.project import Project, parse_options
from microtvm_boards.project.inputs.attachments import read_attachments
from microtvm_boards.project.options.pools import pool_settings
from microtvm_boards.project.plan.draft import Plan
from microtvm_boards.project.plan.plan import plan
from microtvm_boards.project.target import choose_target
from tests.conftest import DATA
from tests.project.tars import replaced

MakeProject = Callable[..., Project]


def planned(mlf: str, board: str = "mps2_an386", **raw: object) -> Plan:
    options = parse_options(
        {"board": board, "model_entrypoint_api": "c", **raw}, "generate_project"
    )
    model = load(DATA / f"{mlf}.tar")
    found = load_board(board)
    target = choose_target(found, options)
    return plan(model, found, options, target, read_attachments(model, found, options, target))


def places(result: Plan) -> dict[str, str]:
    return {f"{b.owner}.{b.pool}": b.memory for b in result.buffers}


def with_static_buffers(*names: str) -> Model:
    """As USMP makes them with several pools and interface-api=packed: one section for all."""
    model = load(DATA / "foo_c.tar")
    buffers = tuple(StaticBuffer(name, 1392) for name in names)
    return replace(model, modules=(replace(model.modules[0], static_buffers=buffers),))


def test_static_buffers_of_a_model_go_to_one_memory() -> None:
    model, board = with_static_buffers("fast", "slow"), load_board("mps2_an386")

    def place(pools: str) -> Plan:
        raw = {"board": board.name, "model_entrypoint_api": "c", "pools": pools}
        options = parse_options(raw, "generate_project")
        target = choose_target(board, options)
        return plan(model, board, options, target, read_attachments(model, board, options, target))

    assert places(place("fast:PSRAM,slow:PSRAM")) == {
        "0.fast": "PSRAM",
        "0.slow": "PSRAM",
        "0.constants": "FLASH",
    }
    for pools in ("fast:PSRAM", "slow:PSRAM", "fast:PSRAM,slow:RAM"):
        with pytest.raises(UsageError, match=r"\(fast, slow\) are one section") as caught:
            place(pools)
        assert 'model "foo"' in caught.value.cause
        assert "one memory for all" in caught.value.hint


def test_everything_writable_is_in_ram_and_constants_are_in_flash_by_default() -> None:
    result = planned("pools_constants_c")
    assert places(result) == {"0.flash": "FLASH", "0.sram": "RAM"}
    assert all(buffer.section == "" for buffer in result.buffers)


def test_pools_go_where_the_option_says() -> None:
    result = planned("pools_c", **{"pool.slow_memory": "PSRAM"})
    assert places(result)["0.fast_memory"] == "RAM"
    assert places(result)["0.slow_memory"] == "PSRAM"
    assert [(n.memory, n.size_bytes) for n in result.needs if n.memory == "PSRAM"] == [
        ("PSRAM", 1024)
    ]


def test_both_spellings_of_the_option_mean_the_same() -> None:
    dotted = planned("pools_c", **{"pool.slow_memory": "PSRAM", "pool.fast_memory": "PSRAM"})
    listed = planned("pools_c", pools="slow_memory:PSRAM,fast_memory:PSRAM")
    assert dotted.buffers == listed.buffers
    assert sorted(dotted.options.pools) == sorted(listed.options.pools)


def test_a_pool_of_one_model_goes_before_that_of_all() -> None:
    result = planned("two_modules_c", pools="global_workspace:PSRAM,first.global_workspace:RAM")
    assert places(result)["0.global_workspace"] == "RAM"
    assert places(result)["1.global_workspace"] == "PSRAM"


def test_the_arena_of_kernels_and_the_tensor_heap_are_pools_too() -> None:
    assert places(planned("foo_c_nousmp", pools="arena:PSRAM"))["None.arena"] == "PSRAM"
    packed = planned("foo_c", model_entrypoint_api="packed", pools="tensor_heap:PSRAM")
    assert places(packed)["None.tensor_heap"] == "PSRAM"
    assert places(planned("foo_graph", pools="storage:PSRAM"))["0.storage"] == "PSRAM"


@pytest.mark.parametrize(
    ("mlf", "pools", "message"),
    [
        ("pools_c", "slow_memory:PSRAN", 'no memory "PSRAN".*Did you mean.*PSRAM'),
        ("pools_c", "slow_memory:FLASH", "FLASH, which is flash: a buffer has to be writable"),
        ("pools_constants_c", "flash:RAM", "RAM, which is ram: constants stay in flash"),
        ("pools_c", "slow:PSRAM", '"slow" in this project'),
        ("foo_c", "other.global_workspace:PSRAM", 'model "other"'),
        ("foo_c", "global_workspace", "takes POOL:MEMORY"),
        ("foo_c", "a:RAM,a:PSRAM", "sent to both RAM and PSRAM"),
    ],
)
def test_what_cannot_be_placed_is_refused(mlf: str, pools: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        planned(mlf, pools=pools)


def test_this_computer_has_one_memory_and_pools_of_models_lie_in_it() -> None:
    with pytest.raises(UsageError, match="a program of this computer, which has one memory"):
        planned("pools_c", "host", pools="slow_memory:RAM")
    assert set(places(planned("pools_c", "host")).values()) == {"ram", "flash"}


def test_a_memory_that_is_too_small_for_its_pools_is_named(tmp_path: Path) -> None:
    board = (load_board("mps2_an386").source).read_text().replace("size: 16M", "size: 1000")
    path = tmp_path / "small.yaml"
    path.write_text(board)
    with pytest.raises(MicroTvmBoardsError, match="PSRAM: needed 1024 B, available 1000 B"):
        planned("pools_c", str(path), pools="slow_memory:PSRAM")


def test_models_share_activations_as_large_as_the_largest() -> None:
    shared = [n for n in planned("two_modules_c").needs if "shared by" in n.what]
    assert [(n.what, n.size_bytes) for n in shared] == [
        ("activations, shared by first, second", 2512)
    ]
    apart = planned("two_modules_c", activations="separate")
    assert [n.size_bytes for n in apart.needs if n.what.startswith("activations")] == [1168, 2512]


def test_on_the_host_models_share_activations_too() -> None:
    assert all(b.overlaps for b in planned("two_modules_c", "host").buffers if not b.constant)
    apart = planned("two_modules_c", "host", activations="separate").buffers
    assert not any(b.overlaps for b in apart)


def test_pool_names_of_tvm_survive_the_command_line() -> None:
    assert pool_settings(["a:RAM", "b.c=DTCM", "d:X,e:Y"]) == ("a:RAM", "b.c:DTCM", "d:X", "e:Y")


def test_the_alignment_is_what_the_code_asks_for(tmp_path: Path) -> None:
    """As Executor("aot", {"workspace-byte-alignment": 32}) would have it."""
    path = replaced(DATA / "foo_c.tar", b"aligned(16)", b"aligned(32)", tmp_path / "aligned.tar")
    options = parse_options({"board": "mps2_an386"}, "generate_project")
    found = load_board("mps2_an386")
    assert plan(load(path), found, options, choose_target(found, options)).alignment == 32
