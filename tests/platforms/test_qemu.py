"""The emulator's command line, and that it does what the facts say of it."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.errors import BoardError, FlashError, ToolNotFoundError, UsageError
from microtvm_boards.platforms import get_platform, qemu
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.transports.base import Transport
from tests.conftest import PATIENCE
from tests.platforms.conftest import MakeProject

BOARD = load_board("mps2_an386")
assert BOARD.emulator is not None
EMULATOR = BOARD.emulator
FIRMWARE = Path("/project/build/good/firmware.elf")

# Prints "hello", then for each byte received the SysTick ticks of the same million steps.
MAIN = """
#include <stdint.h>
#define UART(offset) (*(volatile uint32_t *)(0x40004000U + (offset)))
#define SYSTICK(offset) (*(volatile uint32_t *)(0xE000E010U + (offset)))
extern uint32_t stack_top[];
static void put(const char *text) { while (*text != 0) UART(0) = (uint8_t)*text++; }
static void reset(void);
__attribute__((section(".vectors"), used)) static const void *vectors[16] = {stack_top, reset};
static void reset(void) {
  UART(0x10) = 16;
  UART(0x08) = 3;
  SYSTICK(4) = 0xFFFFFF;
  SYSTICK(0) = 5;
  put("hello\\n");
  for (;;) {
    while ((UART(4) & 2) == 0) {}
    (void)UART(0);
    uint32_t start = SYSTICK(8);
    for (volatile uint32_t i = 0; i < 50000; ++i) {}
    uint32_t ticks = (start - SYSTICK(8)) & 0xFFFFFF;
    char text[] = "000000\\n";
    for (int i = 5; i >= 0; --i, ticks >>= 4) text[i] = "0123456789abcdef"[ticks & 15];
    put(text);
  }
}
"""


def test_the_command_gives_the_uart_to_a_socket_and_waits_for_its_client() -> None:
    board = replace(BOARD, emulator=replace(EMULATOR, icount=6, args=("-m", "16M")))
    assert qemu.command(board, FIRMWARE) == [
        "qemu-system-arm",
        *("-M", "mps2-an386", "-m", "16M"),
        *("-display", "none", "-monitor", "none"),
        *("-echr", "256"),
        *("-chardev", "socket,id=uart,path={socket},server=on,wait=on,mux=on"),
        *("-serial", "chardev:uart"),
        *("-semihosting-config", "enable=on,target=native"),
        *("-icount", "shift=6"),
        *("-kernel", str(FIRMWARE)),
    ]


def test_without_icount_time_is_the_clock_on_the_wall() -> None:
    board = replace(BOARD, emulator=replace(EMULATOR, icount=None))
    assert "-icount" not in qemu.command(board, FIRMWARE)
    assert qemu.instructions(1000, board) is None


def test_gdb_is_waited_for_on_this_computer_only() -> None:
    command = qemu.command(BOARD, FIRMWARE, gdbserver_port=1234)
    assert command[-5:] == ["-gdb", "tcp:127.0.0.1:1234", "-S", "-kernel", str(FIRMWARE)]


def test_a_board_without_an_emulator_is_an_error_that_names_its_file() -> None:
    board = load_board("host")
    for use in (lambda: qemu.command(board, FIRMWARE), lambda: qemu.program(board)):
        with pytest.raises(BoardError, match=r"host has no emulator .*host\.yaml"):
            use()


@pytest.mark.parametrize(
    ("icount", "clock_hz", "ticks", "instructions"),
    [(0, 25_000_000, 1000, 40_000), (6, 25_000_000, 1000, 625), (6, 15_625_000, 7, 7)],
)
def test_ticks_of_the_processor_clock_are_turned_into_instructions(
    icount: int, clock_hz: int, ticks: int, instructions: float
) -> None:
    emulator = replace(EMULATOR, icount=icount)
    board = replace(BOARD, emulator=emulator, clock_hz=clock_hz)
    assert qemu.instructions(ticks, board) == instructions


def test_there_are_no_instructions_where_time_does_not_follow_them() -> None:
    assert qemu.instructions(1000, load_board("host")) is None
    assert qemu.instructions(1000, replace(BOARD, clock_hz=None)) is None


def read_line(transport: Transport) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        line += transport.read(1, 20.0)
    return line


@pytest.mark.qemu
def test_counts_in_the_emulator_repeat_to_one_tick_and_are_the_instructions(
    toy: MakeProject,
) -> None:
    """Six instructions a turn of the loop: load, add, store, load, compare, branch."""
    project = toy("mps2_an386", main=MAIN)
    baremetal = get_platform("baremetal")
    baremetal.build(project)
    counts = []
    with baremetal.transport(project) as transport:
        assert read_line(transport) == b"hello\n"
        for _ in range(5):
            transport.write(b"x", 5.0)
            counts.append(int(read_line(transport), 16))
    assert max(counts) - min(counts) <= 1
    found = qemu.instructions(counts[0], project.board)
    assert found == pytest.approx(50000 * 6, rel=1e-3)


def connected(port: int) -> socket.socket:
    """QEMU listens for gdb a moment after its UART is there."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=20)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.01)


@pytest.mark.qemu
def test_the_emulator_waits_for_gdb_and_goes_on_when_told(toy: MakeProject) -> None:
    project = toy("mps2_an386", main=MAIN)
    baremetal = get_platform("baremetal")
    baremetal.build(project)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with (
        baremetal.transport(project, DeviceOptions(gdbserver_port=port)) as transport,
        connected(port) as gdb,
    ):
        gdb.sendall(b"+$?#3f")  # "why did you stop?", then "go on" (GDB remote protocol)
        answer = b""
        while not re.match(rb"\+\$[ST]05", answer):
            more = gdb.recv(100)
            assert more
            answer += more
        gdb.sendall(b"+$c#63")
        assert read_line(transport) == b"hello\n"


@pytest.mark.qemu
def test_a_missing_emulator_is_named_with_its_package(
    toy: MakeProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = toy("mps2_an386", main=MAIN)
    baremetal = get_platform("baremetal")
    baremetal.build(project)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ToolNotFoundError, match="qemu-system-arm is needed") as caught:
        baremetal.transport(project)
    assert caught.value.hint == "apt-get install qemu-system-arm"


@pytest.mark.qemu
def test_a_board_without_a_flasher_cannot_be_flashed(toy: MakeProject) -> None:
    project = toy("mps2_an386", main=MAIN)
    baremetal = get_platform("baremetal")
    baremetal.build(project)
    bare = replace(project, board=replace(project.board, flashers=()))
    with pytest.raises(FlashError, match="names no flasher"):
        baremetal.flash(bare)


@pytest.mark.tools
def test_the_host_has_no_gdb_server(toy: MakeProject) -> None:
    project = toy("host", main="int main(void) { return 0; }")
    host = get_platform("host")
    host.build(project)
    with pytest.raises(UsageError) as caught:
        host.transport(project, DeviceOptions(gdbserver_port=1234))
    assert caught.value.hint.startswith("gdb ")
