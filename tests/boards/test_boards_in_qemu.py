"""The shipped board files against the machines that they describe, as QEMU models them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from threading import Timer

import pytest

from microtvm_boards.boards import Board, board_names, load_board

pytestmark = pytest.mark.qemu

SECONDS = 120  # ends a machine that hangs; one under load takes its time
PROBE = Path(__file__).with_name("probe.c")
# Those whose drivers are ours; STM32s run real HAL code in tests/platforms/test_stm32cube_qemu.py.
EMULATED = [
    name
    for name in board_names()
    if (board := load_board(name)).emulator is not None and "baremetal" in board.platforms
]


def build_probe(board: Board, directory: Path) -> Path:
    flash, ram = board.memory_for("flash"), board.memory_for("ram")
    assert flash is not None
    assert ram is not None
    assert board.uart is not None
    script = directory / "probe.ld"
    script.write_text(
        f"stack_top = {ram.origin + ram.size};\n"
        f"SECTIONS {{ . = {flash.origin}; .text : {{ KEEP(*(.vectors)) *(.text*) *(.rodata*) }} }}"
    )
    memories = ", ".join(
        f"{{{m.origin:#x}, {m.origin + m.size - 4:#x}, {int('ram' in m.use)}}}"
        for m in board.memories
    )
    firmware = directory / "probe.elf"
    subprocess.run(
        [
            *("arm-none-eabi-gcc", *board.cpu.flags, "-Os", "-ffreestanding", "-nostdlib"),
            "-fno-delete-null-pointer-checks",  # address 0 is memory here
            *("-Wall", "-Wextra", "-Werror", f"-DMEMORIES={memories}"),
            *(f"-DUART_{board.uart.driver.upper()}", f"-DUART_BASE={board.uart.base:#x}U"),
            *(f"-DUART_IRQ={board.uart.irq}U", f"-DCLOCK_HZ={board.clock_hz}U"),
            *("-T", str(script), str(PROBE), "-lgcc", "-o", str(firmware)),
        ],
        check=True,
    )
    return firmware


@pytest.mark.parametrize("name", EMULATED)
def test_memories_uart_interrupt_and_clock_are_as_the_board_file_says(
    name: str, tmp_path: Path
) -> None:
    board = load_board(name)
    assert board.emulator is not None
    firmware = build_probe(board, tmp_path)
    command = [
        *(board.emulator.program, "-M", board.emulator.machine, *board.emulator.args),
        *("-icount", f"shift={board.emulator.icount}"),
        *("-kernel", str(firmware), "-display", "none", "-monitor", "none"),
        *("-semihosting-config", "enable=on,target=native", "-serial", "stdio"),
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as machine:
        deadline = Timer(SECONDS, machine.kill)
        deadline.start()
        assert machine.stdout is not None
        asked = machine.stdout.read(1)
        said, errors = machine.communicate(b"A" if asked else b"")
        deadline.cancel()
    assert (machine.returncode, asked + said) == (0, b"?B"), errors.decode()
