"""The real gdb against QEMU's gdb server: loaded, compared, and started."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from microtvm_boards.flashers import FlashTarget, get_flasher
from microtvm_boards.flashers.failures import Failure, FlashFailedError
from tests.conftest import PATIENCE

pytestmark = [
    pytest.mark.qemu,
    pytest.mark.skipif(shutil.which("gdb-multiarch") is None, reason="needs gdb-multiarch"),
]
FIRMWARE = """
extern unsigned stack_top[];
static unsigned initial = 42;
extern unsigned data_start[], data_end[], data_load[];
static void reset(void) {
  volatile unsigned *uart = (volatile unsigned *)0x40004000u;
  const unsigned *from = data_load;
  for (volatile unsigned *to = data_start; to < data_end; to++) { *to = *from++; }
  const char *text = *(volatile unsigned *)&initial == 42 ? "loaded\\n" : "wrong data\\n";
  uart[4] = 16;
  uart[2] = 1;
  while (*text != 0) { uart[0] = (unsigned)*text++; }
  for (;;) {}
}
__attribute__((section(".vectors"), used)) static const void *vectors[2] = {stack_top, reset};
"""
LINKER_SCRIPT = """
MEMORY { FLASH (rx): ORIGIN = 0, LENGTH = 4M RAM (rw): ORIGIN = 0x20000000, LENGTH = 4M }
SECTIONS {
  .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) . = ALIGN(4); } >FLASH
  .data : { data_start = .; *(.data*) . = ALIGN(4); data_end = .; } >RAM AT>FLASH
  data_load = LOADADDR(.data);
  stack_top = ORIGIN(RAM) + LENGTH(RAM);
}
"""


@dataclass
class Machine:
    """An emulated board that waits, empty, for gdb."""

    server: str
    uart: Path


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    uart = tmp_path / "uart.txt"
    qemu = ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none"]
    qemu += ["-serial", f"file:{uart}", "-S", "-gdb", f"tcp:127.0.0.1:{port}"]
    process = subprocess.Popen(qemu)
    try:
        yield Machine(f"127.0.0.1:{port}", uart)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def firmware(target: FlashTarget) -> FlashTarget:
    return linked(target, flash=0)


def linked(target: FlashTarget, *, flash: int) -> FlashTarget:
    """`target` with FIRMWARE for a flash at that address."""
    source, script = target.build_dir / "main.c", target.build_dir / "link.ld"
    source.write_text(FIRMWARE)
    script.write_text(LINKER_SCRIPT.replace("ORIGIN = 0,", f"ORIGIN = {flash:#x},"))
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-nostdlib", "-T", str(script)]
    subprocess.run([*command, str(source), "-o", str(target.firmware)], check=True)
    return target


def test_a_firmware_is_loaded_compared_and_started(firmware: FlashTarget, machine: Machine) -> None:
    said = get_flasher("gdb").flash(replace(firmware, gdbserver=machine.server))
    assert said == "Flashed my_board with gdb and verified it."
    assert "matched." in (firmware.build_dir / "flash.log").read_text()
    deadline = time.monotonic() + PATIENCE
    while not machine.uart.exists() or b"\n" not in machine.uart.read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert machine.uart.read_bytes() == b"loaded\n"


def test_where_no_memory_is_nothing_is_started(target: FlashTarget, machine: Machine) -> None:
    elsewhere = linked(target, flash=0x70000000)
    with pytest.raises(FlashFailedError) as caught:
        get_flasher("gdb").flash(replace(elsewhere, gdbserver=machine.server))
    assert caught.value.failure is Failure.VERIFY
    assert any(line.endswith("MIS-MATCHED!") for line in caught.value.details)


def test_a_server_that_is_not_there(firmware: FlashTarget) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # bound, but nobody listens
        server = f"127.0.0.1:{probe.getsockname()[1]}"
        with pytest.raises(FlashFailedError) as caught:
            get_flasher("gdb").flash(replace(firmware, gdbserver=server))
    assert caught.value.failure is Failure.NO_SERVER
