"""What the sources of a devicetree say about a board's memories, before anything is configured."""

from __future__ import annotations

from pathlib import Path

import pytest

from microtvm_boards.boards import Board, find_board
from microtvm_boards.platforms.zephyr.board.devicetree import Devicetree, regions
from microtvm_boards.platforms.zephyr.board.section import ZephyrSection
from tests.boards.fake_zephyr import make_tree, write

BOARD = """\
/dts-v1/;
#include <st/l4/soc.dtsi>
#include "missing.dtsi"
#define UNUSED 1
/ {
	chosen {
		zephyr,sram = &sram0; // the main one
		zephyr,flash = &flash0;
	};
	psram: memory@80000000 {
		device_type = "memory";
		reg = <0x80000000 DT_SIZE_M(16)>;
	};
	overlaps: memory@20010000 {
		compatible = "mmio-sram";
		reg = <0x20010000 DT_SIZE_K(1)>;
	};
};
&ccm0 {
	status = "okay";
};
"""
SOC = """\
#include <mem.h>
/ {
	#address-cells = <1>;
	#size-cells = <1>;
	cpus {
		cpu@0 { compatible = "arm,cortex-m4f"; reg = <0>; };
	};
	sram0: memory@20000000 {
		compatible = "mmio-sram";
		reg = <0x20000000 (96*1024)>;
	};
	ccm0: memory@10000000 {
		compatible = "zephyr,memory-region", "st,stm32-ccm";
		reg = <0x10000000 DT_SIZE_K(64)>;
		zephyr,memory-region = "CCM";
		status = "disabled";
	};
	quadspi: memory@90000000 {
		compatible = "zephyr,memory-region";
		reg = <0x90000000 DT_SIZE_M(256)>;
		zephyr,memory-region = "QSPI";
		zephyr,memory-region-mpu = "EXTMEM";
	};
	soc {
		#address-cells = <1>;
		#size-cells = <1>;
		flash0: flash@8000000 { reg = <0x8000000 DT_SIZE_K(512)>; };
	};
};
"""


def section(board: Board) -> ZephyrSection:
    found = board.section(ZephyrSection)
    assert found is not None
    return found


@pytest.fixture
def base(tmp_path: Path) -> Path:
    base = make_tree(tmp_path)
    write(base / "boards/arm/disco_l4/disco_l4.dts", BOARD)
    write(base / "dts/arm/st/l4/soc.dtsi", SOC)
    return base


def test_memories_are_those_of_the_devicetree(base: Path) -> None:
    board = find_board("disco_l4", None, {"zephyr_base": str(base)})
    assert [(m.name, m.origin, m.size, m.use) for m in board.memories] == [
        ("FLASH", 0x8000000, 512 << 10, ("flash",)),
        ("RAM", 0x20000000, 96 << 10, ("ram",)),
        ("CCM", 0x10000000, 64 << 10, ("ram",)),
        ("PSRAM", 0x80000000, 16 << 20, ("ram",)),
    ]
    assert (section(board).cpu, section(board).soc) == ("cortex-m4f", "st/l4")
    assert section(board).plain_memories == ("psram",)


def test_the_project_keeps_them(base: Path, tmp_path: Path) -> None:
    board = find_board("disco_l4", None, {"zephyr_base": str(base)})
    kept = tmp_path / "board.yaml"
    kept.write_text(board.document)
    from microtvm_boards.boards import load_board

    again = load_board(str(kept))
    assert (again.memories, section(again)) == (
        board.memories,
        section(board),
    )


@pytest.mark.parametrize("damage", ["", "/ {", "&nowhere { status = ", '#include "disco_l4.dts"\n'])
def test_damaged_sources_leave_what_the_test_runner_says(base: Path, damage: str) -> None:
    write(base / "boards/arm/disco_l4/disco_l4.dts", damage)
    board = find_board("disco_l4", None, {"zephyr_base": str(base)})
    assert [(m.name, m.size) for m in board.memories] == [("FLASH", 1 << 20), ("RAM", 128 << 10)]


def test_a_chip_outside_is_flash_and_registers_are_no_memory() -> None:
    soc = SOC.replace("EXTMEM", "IO")
    names = {r.name: r.use for r in regions(Devicetree.parse(SOC))}
    assert names["QSPI"] == "flash"
    assert "QSPI" not in {r.name for r in regions(Devicetree.parse(soc))}
