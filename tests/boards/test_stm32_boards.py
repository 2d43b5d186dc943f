"""Boards with an STM32: what their section has to say, and what is known of their families."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from microtvm_boards import resources
from microtvm_boards.boards import board_names, load_board
from microtvm_boards.platforms.stm32cube.family import family_names, load_family
from microtvm_boards.platforms.stm32cube.section import Stm32, Stm32Uart
from tests.boards.test_load_board import mistake_in

GOOD = """\
name: my_stm32
description: A board of somebody's own
platforms: [stm32cube]
clock_hz: 168000000
cpu: {name: cortex-m4, flags: [-mcpu=cortex-m4, -mthumb]}
memories:
  - {name: FLASH, origin: 0x08000000, size: 1M, use: flash}
  - {name: RAM, origin: 0x20000000, size: 128K, use: ram}
uart: {baud: 115200}
stm32:
  part: STM32F405RG
  device: STM32F405xx
  hse_hz: 8000000
  uart: {instance: USART1, tx: PA9, rx: PA10, af: 7}
"""
STM32_BOARDS = [name for name in board_names() if load_board(name).section(Stm32) is not None]


def test_the_section_becomes_types(board_file: Path) -> None:
    board_file.write_text(GOOD)
    board = load_board(str(board_file))
    uart = Stm32Uart("USART1", "PA9", "PA10", 7)
    assert board.section(Stm32) == Stm32("STM32F405RG", "STM32F405xx", 8_000_000, False, uart)
    assert board.section(Stm32).family == "F4"
    assert board.uart is not None
    assert (board.uart.driver, board.uart.base) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("F405RG", "405RG", '11: stm32.part: expected the part up to its flash size, e.g. '
         'STM32F405RG; found "STM32405RG".'),
        ("STM32F405RG", "STM32G431KB", "11: stm32.part: family G4 of STM32G431KB is none that "
         "this version knows: F1, F4, F7, H7, L4, U5."),
        ("STM32F405RG", "STM32F410RB", "11: stm32.part: this version knows no clock tree for "
         "STM32F410RB, only for parts that start with STM32F401, STM32F411, STM32F405, STM32F407, "
         "STM32F415, STM32F417, STM32F427, STM32F429, STM32F437, STM32F439, STM32F446, STM32F469, "
         "STM32F479."),
        ("F405xx", "F100xB", "12: stm32.device: STM32F100xB is of another family than the part "
         "STM32F405RG."),
        ("hse_hz: 8000000", "hse_hz: 8", "13: stm32.hse_hz: expected the external "
         "oscillator in Hz, 1000000 to 50000000; found 8."),
        ("PA10", "PA16", '14: stm32.uart.rx: expected a pin, e.g. PA9; found "PA16".'),
        ("USART1", "UART", '14: stm32.uart.instance: expected a UART, e.g. USART1, UART4 or '
         'LPUART1; found "UART".'),
        (", af: 7", "", "14: stm32.uart.af: expected the number of the pins' alternate function; "
         "found no such key."),
        ("clock_hz: 168000000", "clock_hz: 180000000", "4: clock_hz: STM32F405RG runs at "
         "168000000 Hz at most; found 180000000."),
        ("clock_hz: 168000000\n", "", "1: clock_hz: platform stm32cube needs the processor's "
         "clock; found no such key."),
        ("uart: {baud: 115200}\n", "", "1: uart: platform stm32cube needs a uart with baud."),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_line_key_and_both_values(
    board_file: Path, old: str, new: str, message: str
) -> None:
    assert old in GOOD
    assert mistake_in(board_file, GOOD.replace(old, new, 1)) == f"board.yaml:{message}"


def test_the_platform_needs_the_section(board_file: Path) -> None:
    text = GOOD[: GOOD.index("stm32:\n")]
    assert mistake_in(board_file, text) == (
        "board.yaml:1: stm32: platform stm32cube needs the section stm32: part, device and uart."
    )


def test_the_first_family_has_no_alternate_functions(board_file: Path) -> None:
    text = GOOD.replace("STM32F405RG", "STM32F103RB").replace("STM32F405xx", "STM32F103xB")
    text = text.replace(", af: 7", "").replace("168000000", "72000000")
    board_file.write_text(text)
    board = load_board(str(board_file))
    assert board.section(Stm32) is not None
    assert board.section(Stm32).uart.af is None


# What is known of families


def test_the_families() -> None:
    assert family_names() == ("F1", "F4", "F7", "H7", "L4", "U5")
    assert {load_board(name).section(Stm32).family for name in STM32_BOARDS} == set(family_names())


@pytest.mark.parametrize("name", family_names())
def test_the_data_of_a_family_hang_together(name: str) -> None:
    family = load_family(name)
    assert family.hal == f"STM32{name}xx"
    assert {"rcc", "gpio", "dma", "cortex", "flash", "pwr", "uart"} <= set(family.modules)
    assert family.modules[:3] == ("rcc", "gpio", "dma")  # other headers need them
    assert (family.receive, family.transmit) in {("DR", "DR"), ("RDR", "TDR")}
    assert set(family.pll_source) == {"hse", "hsi"}
    assert {"HSI_VALUE", "LSI_VALUE"} <= family.conf.keys()
    for line in family.lines:
        assert all(part.startswith(f"STM32{name}") for part in line.parts)
        assert list(line.latency_hz) == sorted(line.latency_hz)
        assert line.latency_hz[-1] >= line.max_hz["hclk"]
        assert line.max_hz["sysclk"] >= line.max_hz["hclk"] >= line.max_hz["pclk1"]
        if line.overdrive_above_hz is not None:
            assert family.overdrive
        for bus in family.buses:
            assert bus.max in line.max_hz


def test_every_family_is_a_file_of_the_package() -> None:
    files = {path.stem for path in (resources.board_configs() / "stm32").iterdir()}
    assert {name.lower() for name in family_names()} == files


@pytest.mark.parametrize("name", STM32_BOARDS)
def test_the_flags_of_a_board_are_those_of_its_core(name: str) -> None:
    board = load_board(name)
    assert board.section(Stm32) is not None
    cores = {"F1": "m3", "F4": "m4", "F7": "m7", "H7": "m7", "L4": "m4", "U5": "m33"}
    assert board.cpu.name == f"cortex-{cores[board.section(Stm32).family]}"
    flash = board.memory_for("flash")
    assert flash is not None
    assert flash.origin == 0x08000000
    json.dumps(board.description)
