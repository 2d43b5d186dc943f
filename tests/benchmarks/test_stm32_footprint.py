"""What a model adds to a HAL project on STM32, and what upstream's emitter adds for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks import stm32_emitter, stm32_footprint
from benchmarks.stm32_footprint import Row
from microtvm_boards.boards import load_board
from tests.platforms.cube_tree import need_package

pytestmark = [
    pytest.mark.stm32cube,
    pytest.mark.qemu,
    pytest.mark.filterwarnings("ignore:NDArray.asnumpy"),  # the emitter's
]

BOARD = "netduinoplus2"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Row]:
    """By library and app."""
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    need_package(load_board(BOARD))
    libraries = {kind: tar for kind, tar in stm32_footprint.digits().items() if kind != "packed"}
    scratch = tmp_path_factory.mktemp("stm32")
    found = stm32_footprint.measure(
        "digits",
        libraries,
        stm32_footprint.empty(BOARD, scratch),
        scratch / "digits",
        ["minimal"],
        emitter=not stm32_emitter.missing(),
    )
    return {(row.library, row.app): row for row in found}


# Measured, and a reserve of about a tenth.
@pytest.mark.parametrize(("kind", "flash", "ram"), [("c", 136, 16), ("graph", 1700, 104)])
def test_a_model_brings_little_besides_itself(
    rows: dict[tuple[str, str], Row], kind: str, flash: int, ram: int
) -> None:
    row = rows[kind, "minimal"]
    assert row.failed == ""
    assert 0 < row.flash_added <= flash
    assert 0 <= row.ram_added <= ram
    assert row.flash_libc == row.ram_libc == row.heap == 0
    assert row.flash == row.flash_model + row.flash_added
    assert row.ram == row.ram_model + row.ram_added


def test_upstreams_emitter_adds_more(rows: dict[tuple[str, str], Row]) -> None:
    """That both give the same output is checked while they are measured."""
    if reason := stm32_emitter.missing():
        pytest.skip(reason)
    ours, emitted = rows["graph", "minimal"], rows["graph", "emitter"]
    assert emitted.failed == ""
    # The same kernels and weights by the same compiler: what is compared is the rest.
    assert abs(emitted.flash_model - ours.flash_model) <= 32
    assert emitted.flash_added > ours.flash_added
    assert emitted.flash_libc > ours.flash_libc
    assert emitted.ram > 2 * ours.ram
    assert emitted.heap > 0


def test_without_tvms_sources_the_reason_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TVM_HOME", raising=False)
    assert "TVM_HOME isn't set" in stm32_emitter.missing()
    monkeypatch.setenv("TVM_HOME", str(tmp_path))
    assert f"there is no {stm32_emitter.EMITTER}" in stm32_emitter.missing()
