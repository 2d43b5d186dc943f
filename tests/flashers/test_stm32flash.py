"""The real stm32flash against an emulated STM32 bootloader on a pty, and what it wrote, booted."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from microtvm_boards.flashers import FlashTarget, get_flasher
from microtvm_boards.flashers.failures import Failure, FlashFailedError
from microtvm_boards.flashers.image import flash_image
from tests.conftest import PATIENCE
from tests.flashers.bootloader import FLASH, Bootloader

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(shutil.which("stm32flash") is None, reason="needs stm32flash"),
]
FIRMWARE = """
extern unsigned stack_top[];
static void reset(void) {
  volatile unsigned *usart1 = (volatile unsigned *)0x40011000u;
  const char *text = "flashed and booted\\n";
  usart1[3] = 0x2008u;
  while (*text != 0) { usart1[1] = (unsigned)*text++; }
  for (;;) {}
}
__attribute__((section(".vectors"), used)) static const void *vectors[2] = {stack_top, reset};
"""
LINKER_SCRIPT = """
MEMORY { FLASH (rx): ORIGIN = 0x08000000, LENGTH = 1M RAM (rw): ORIGIN = 0x20000000, LENGTH = 128K }
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) . = ALIGN(4); } >FLASH
  stack_top = ORIGIN(RAM) + LENGTH(RAM);
}
"""


def flash(target: FlashTarget, port: str, **settings: str) -> str:
    """A pty has no parity bit, which stm32flash wants to have set."""
    tuned = replace(target, port=port, settings={"mode": "8n1", **settings})
    return get_flasher("stm32flash").flash(tuned)


def test_the_image_is_written_byte_for_byte_and_started(target: FlashTarget) -> None:
    image = flash_image(target.firmware)
    with Bootloader() as board:
        board.flash[:] = b"\x55" * len(board.flash)  # an older firmware
        said = flash(target, board.port)
    assert said == "Flashed my_board with stm32flash and verified it."
    assert bytes(board.flash[: len(image.data)]) == image.data
    assert board.erased == [0]
    assert board.flash[16 << 10 :] == b"\x55" * (len(board.flash) - (16 << 10))
    assert board.started_at == FLASH
    assert "Wrote and verified address" in (target.build_dir / "flash.log").read_text()


def test_a_flash_that_is_worn_out_is_told(target: FlashTarget) -> None:
    with Bootloader(stuck=FLASH + 300) as board, pytest.raises(FlashFailedError) as caught:
        flash(target, board.port)
    assert caught.value.failure is Failure.VERIFY
    assert any("Failed to verify at address 0x0800012c" in line for line in caught.value.details)


def test_a_chip_that_nobody_knows_is_told(target: FlashTarget) -> None:
    with Bootloader(chip=0x7FF) as board, pytest.raises(FlashFailedError) as caught:
        flash(target, board.port)
    assert caught.value.failure is Failure.WRONG_TARGET
    assert set(board.flash) == {0xFF}


def test_another_chip_than_the_boards_is_not_written(target: FlashTarget) -> None:
    settings = {"device_id": "0x421"}
    with Bootloader() as board, pytest.raises(FlashFailedError) as caught:
        flash(target, board.port, **settings)
    assert caught.value.failure is Failure.WRONG_TARGET
    assert set(board.flash) == {0xFF}


def test_the_boards_own_chip_is_written(target: FlashTarget) -> None:
    with Bootloader() as board:
        settings = {"device_id": "0x413"}
        flash(target, board.port, **settings)
    image = flash_image(target.firmware)
    assert bytes(board.flash[: len(image.data)]) == image.data


def test_a_board_that_runs_its_firmware_doesnt_answer(target: FlashTarget) -> None:
    with Bootloader(silent=True) as board, pytest.raises(FlashFailedError) as caught:
        flash(target, board.port)
    assert caught.value.failure is Failure.NO_TARGET
    assert "BOOT0" in caught.value.hint


def test_a_port_that_there_is_not(target: FlashTarget) -> None:
    with pytest.raises(FlashFailedError) as caught:
        flash(target, "/dev/ttyNONE")
    assert caught.value.failure is Failure.NO_PORT
    assert "Failed to open port: /dev/ttyNONE" in caught.value.details


@pytest.mark.qemu
def test_what_was_flashed_boots(target: FlashTarget, tmp_path: Path) -> None:
    """QEMU's netduinoplus2 is an STM32F405: it starts what is in the bootloader's flash."""
    source, script = tmp_path / "main.c", tmp_path / "link.ld"
    source.write_text(FIRMWARE)
    script.write_text(LINKER_SCRIPT)
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-nostdlib", "-T", str(script)]
    subprocess.run([*command, str(source), "-o", str(target.firmware)], check=True)
    with Bootloader() as board:
        flash(target, board.port)
    memory, uart = tmp_path / "memory.bin", tmp_path / "uart.txt"
    memory.write_bytes(board.flash)
    qemu = ["qemu-system-arm", "-M", "netduinoplus2", "-display", "none", "-monitor", "none"]
    machine = subprocess.Popen([*qemu, "-serial", f"file:{uart}", "-kernel", str(memory)])
    try:
        deadline = time.monotonic() + PATIENCE
        while not uart.exists() or b"\n" not in uart.read_bytes():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert uart.read_bytes() == b"flashed and booted\n"
    finally:
        machine.kill()
        machine.wait()
