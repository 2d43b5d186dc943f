"""Sizes are exact, so they gate: what we add to a model's own code and data."""

from __future__ import annotations

import shutil
from types import ModuleType

import pytest

from tests.benchmarks.conftest import load_benchmark
from tests.conftest import DIGITS

FLASH = 1024  # bytes beyond an empty firmware of the same board
RAM = 128
RPC_FLASH = 8192
TUNING_FLASH = 1280
RPC_RAM = 512


@pytest.fixture(scope="module")
def footprint() -> ModuleType:
    return load_benchmark("footprint")


@pytest.mark.qemu
@pytest.mark.parametrize("kind", ["c", "packed", "graph"])
def test_a_firmware_adds_at_most_a_kilobyte(footprint: ModuleType, kind: str) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    rows = footprint.measure([DIGITS / f"digits_{kind}.tar"])
    empty, minimal, harness, packed = rows
    assert minimal["app"] == "minimal"
    assert minimal["flash_added"] - empty["flash_added"] <= FLASH
    assert minimal["ram_added"] + minimal["ram_graph"] - empty["ram_added"] <= RAM
    assert minimal["flash_libc"] == empty["flash_libc"]
    assert minimal["unwanted"] == harness["unwanted"] == packed["unwanted"] == []
    # RPC, registry and AOT executor, and what they keep beside buffers of a chosen size.
    assert packed["flash_rpc"] <= RPC_FLASH
    assert packed["flash_tuning"] <= TUNING_FLASH
    assert packed["ram_rpc"] + packed["ram_tuning"] <= RPC_RAM
    for row in (minimal, harness):
        assert row["flash_rpc"] == row["ram_rpc"] == row["flash_tuning"] == row["ram_buffers"] == 0
