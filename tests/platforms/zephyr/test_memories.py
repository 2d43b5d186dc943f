"""Pools of a Zephyr project: the devicetree's memories, the linker's regions, the stack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.errors import UsageError
from microtvm_boards.platforms.zephyr.memories import main_stack_bytes
from microtvm_boards.platforms.zephyr.size import ZephyrBase
from microtvm_boards.project import Project
from tests.boards.fake_zephyr import make_tree, write
from tests.boards.test_zephyr_source import BOARD, SOC

Make = Callable[..., Project]


@pytest.fixture
def disco(tmp_path: Path, make_project: Make) -> Make:
    """Projects for a board with the memories CCM, a region of the linker, and PSRAM, which is
    none yet."""
    base = make_tree(tmp_path / "zephyrproject")
    write(base / "boards/arm/disco_l4/disco_l4.dts", BOARD)
    write(base / "dts/arm/st/l4/soc.dtsi", SOC)

    def make(mlf: str, **options: object) -> Project:
        return make_project(mlf, board="disco_l4", zephyr_base=str(base), **options)

    return make


def test_a_pool_in_a_region_of_the_linker_is_one_more_section(disco: Make) -> None:
    project = disco("pools_c", pools="slow_memory:CCM")
    script = (project.directory / "src/port/zephyr/sections.ld").read_text()
    assert '.noinit_CCM (NOLOAD) :\n{\n  *(".bss.noinit.mtvm.pool_slow_memory.model_foo")' in script
    assert "} GROUP_LINK_IN(CCM)" in script
    assert not (project.directory / "app.overlay").exists()
    needed = {n.memory: n.size_bytes for n in project.manifest.memory}
    assert needed["CCM"] == 1024


def test_an_overlay_makes_a_region_of_memory_that_is_none(disco: Make, tmp_path: Path) -> None:
    mine = tmp_path / "mine.overlay"
    mine.write_text("/ { chosen { mtvm,uart = &uart1; }; };\n")
    project = disco("pools_c", pools="slow_memory:psram", zephyr_overlay=str(mine))
    overlay = (project.directory / "app.overlay").read_text()
    assert '&psram {\n\tcompatible = "zephyr,memory-region", "mmio-sram";' in overlay
    assert 'zephyr,memory-region = "PSRAM";' in overlay
    assert overlay.endswith(mine.read_text())


def test_models_share_main_memory_by_a_section_of_their_own(disco: Make) -> None:
    project = disco("two_modules_c")
    script = (project.directory / "src/port/zephyr/sections.ld").read_text()
    assert "OVERLAY :" in script and "GROUP_LINK_IN(RAMABLE_REGION)" in script
    apart = disco("two_modules_c", activations="separate")
    assert not (apart.directory / "src/port/zephyr/sections.ld").exists()


@pytest.mark.parametrize(
    ("pools", "message"),
    [
        ("slow_memory:DTCM", r'no memory "DTCM" for pool slow_memory'),
        ("slow_memory:QSPI", 'no memory "QSPI"'),  # a chip outside: not writable
        ("slow_memory:FLASH", "a buffer has to be writable"),
        ("nosuch:CCM", 'no pool "nosuch"'),
    ],
)
def test_what_cannot_be_placed_is_refused(disco: Make, pools: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        disco("pools_c", pools=pools)
    if "no memory" in message:
        assert caught.value.hint == "its memories are FLASH, RAM, CCM, PSRAM"


def test_without_a_zephyr_memories_are_not_known(
    make_project: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ZEPHYR_BASE", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="are not known: no Zephyr was found") as caught:
        make_project("pools_c", board="any", platform="zephyr", pools="slow_memory:DTCM")
    assert "zephyr_base=PATH" in caught.value.hint


def test_the_stack_has_room_for_what_is_measured_and_for_what_is_estimated() -> None:
    base = ZephyrBase(1, 1, stack=900, kind="packed", like="", hosted=False, changed=False)
    own = main_stack_bytes(base, None, [])
    assert own % 128 == 0 and own >= 900 + 192
    assert main_stack_bytes(base, 100, []) == own
    assert main_stack_bytes(base, 2000, []) >= 2000 + 192
