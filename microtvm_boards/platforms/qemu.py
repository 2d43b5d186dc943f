"""The command line of QEMU for a board. Tried with QEMU 7.2."""

from __future__ import annotations

from pathlib import Path

from microtvm_boards.boards import Board
from microtvm_boards.errors import BoardError
from microtvm_boards.platforms.tools import Tool

# Drivers whose firmware reads a byte when it is set up. What came before that waits for it.
_READ_AHEAD = {"cmsdk"}
_NO_BYTE = "256"
_PACKAGES = {"qemu-system-arm": "qemu-system-arm", "qemu-system-riscv32": "qemu-system-misc"}


def program(board: Board) -> Tool:
    """The emulator as a tool to require. Raises BoardError when the board has none."""
    if board.emulator is None:
        raise BoardError(f"Board {board.name} has no emulator ({board.source}).")
    name = board.emulator.program
    return Tool((name,), f"emulates board {board.name}", (_PACKAGES.get(name, name),))


def command(board: Board, firmware: Path, *, gdbserver_port: int | None = None) -> list[str]:
    """Starts `firmware` with its UART on the Unix socket that replaces `{socket}`.

    The machine waits for a client of the socket, so that no byte is lost; with `gdbserver_port`
    it then also waits for gdb, which listens on this computer only.
    Raises BoardError when the board has no emulator.
    """
    emulator = board.emulator
    if emulator is None:
        raise BoardError(f"Board {board.name} has no emulator ({board.source}).")
    arguments = [emulator.program, "-M", emulator.machine, *emulator.args]
    arguments += ["-display", "none", "-monitor", "none"]
    uart = "socket,id=uart,path={socket},server=on,wait=on"
    if board.uart is not None and board.uart.driver in _READ_AHEAD:
        # QEMU fills a UART without a FIFO from its main loop, one byte a round and a switch of
        # threads for each: 20 to 40 kB/s. A multiplexer reads 32 bytes ahead, which the processor
        # takes by itself: 90 kB/s. It has one stream here, and no byte that means "the next one".
        uart += ",mux=on"
        arguments += ["-echr", _NO_BYTE]
    arguments += ["-chardev", uart, "-serial", "chardev:uart"]
    # Gives the firmware an exit status; it also lets it open files of this computer.
    arguments += ["-semihosting-config", "enable=on,target=native"]
    if emulator.icount is not None:
        # Time follows instructions. sleep=on, the default, lets a processor that waits for an
        # interrupt sleep: sleep=off counts no more exactly and keeps this computer busy.
        arguments += ["-icount", f"shift={emulator.icount}"]
    if gdbserver_port is not None:
        arguments += ["-gdb", f"tcp:127.0.0.1:{gdbserver_port}", "-S"]
    return [*arguments, "-kernel", str(firmware)]


def instructions(ticks: float, board: Board) -> float | None:
    """Instructions executed during `ticks` of the processor's clock (SysTick) in QEMU.

    With icount N each takes 2**N ns of the machine's time, a tick 1e9 / clock_hz ns. A span is
    exact to one tick, since it may start at any point of one. None when time doesn't follow
    instructions (hardware, the host, no icount).
    """
    if board.emulator is None or board.emulator.icount is None:
        return None
    counter_hz = board.emulator.counter_hz or board.emulator.clock_hz or board.clock_hz
    if counter_hz is None:
        return None
    nanoseconds = ticks * 1e9 / counter_hz
    return float(nanoseconds / 2**board.emulator.icount)
