"""On Zephyr, too, sizes gate: what we add to Zephyr's hello_world and the model's own objects."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType

import pytest

from microtvm_boards.platforms.zephyr.board.tree import look_for_zephyr
from tests.benchmarks.conftest import load_benchmark

# Bytes beside tensor heap, packet buffers and stack.
LIMITS = {
    ("packed", "FLASH"): 10 * 1024,
    ("packed", "RAM"): 1024,
    ("c", "FLASH"): 2 * 1024,
    ("c", "RAM"): 512,
}


@pytest.fixture(scope="module")
def zephyr() -> ModuleType:
    return load_benchmark("zephyr")


@pytest.fixture
def tree() -> None:
    if look_for_zephyr(None, Path.cwd()) is None:
        pytest.skip("there is no Zephyr: ZEPHYR_BASE, a west workspace or ~/zephyrproject")
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")


@pytest.mark.zephyr
@pytest.mark.usefixtures("tree")
def test_a_firmware_adds_little_to_hello_world(zephyr: ModuleType, tmp_path: Path) -> None:
    rows = zephyr.measure(["qemu_cortex_m3"], [zephyr.DEFAULT], tmp_path)
    assert {(row.entry, row.memory) for row in rows} == set(LIMITS)
    for row in rows:
        assert row.hello > 0
        assert row.model > 0
        assert row.added <= LIMITS[row.entry, row.memory], zephyr.footprint_table(rows)


def test_the_table_has_upstreams_figures_beside_ours(zephyr: ModuleType) -> None:
    row = zephyr.Row(
        *("qemu_cortex_m3", "picolibc", "packed", "FLASH"),
        *(22000, 9000, 5000, 0, 0),
        zephyr.UPSTREAM["qemu_cortex_m3", "picolibc", "packed"][0],
    )
    assert (row.added, row.beyond, row.upstream_beyond) == (8000, 13000, 58872)
    head, line = zephyr.footprint_table([row]).splitlines()
    assert head.split()[-1] == "upstream_beyond"
    assert line.split()[-3:] == ["13000", "67872", "58872"]


def test_the_table_of_times_ends_with_upstreams(zephyr: ModuleType) -> None:
    seconds = dict.fromkeys([*zephyr.UPSTREAM_TIMES, zephyr.YARDSTICK], 1.5)
    lines = zephyr.times_table([zephyr.Times("b", "c", seconds)]).splitlines()
    assert lines[1].split() == ["b", "c"] + ["1.50", "s"] * 5
    assert "17.0 to 22.0 s" in lines[2]
    assert lines[2].endswith("-")
