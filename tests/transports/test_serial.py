"""Serial ports: what goes wrong with them, each with its own words. All on ptys."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
import time
import tty
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from microtvm_boards.errors import (
    TransportClosedError,
    TransportError,
    TransportTimeoutError,
    UsageError,
)
from microtvm_boards.transports import port_errors
from microtvm_boards.transports.serial import RESETS, SerialTransport
from tests.conftest import PATIENCE

SOON = 10.0


@dataclass
class Board:
    """The other side of a pty."""

    fd: int
    port: str

    def unplug(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1


@pytest.fixture
def board() -> Iterator[Board]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    found = Board(master, os.ttyname(slave))
    yield found
    found.unplug()
    with contextlib.suppress(OSError):
        os.close(slave)


def opening(port: str) -> TransportError:
    with pytest.raises(TransportError) as caught:
        SerialTransport(port, baud=115200).open()
    return caught.value


# Opening


def test_the_port_is_set_to_the_baud_rate_without_flow_control(board: Board) -> None:
    with SerialTransport(board.port, baud=921600):
        attributes = termios.tcgetattr(board.fd)
    assert attributes[4:6] == [termios.B921600, termios.B921600]
    assert not attributes[0] & (termios.IXON | termios.IXOFF)
    assert not attributes[2] & (termios.CRTSCTS | termios.PARENB | termios.CSTOPB)


def test_a_rate_that_no_standard_has_is_set_too(board: Board) -> None:
    with SerialTransport(board.port, baud=123456):
        pass


def test_an_open_port_takes_another_rate_until_it_is_closed(board: Board) -> None:
    """And goes on as it was set up: a read of nothing isn't the end of the line."""
    transport = SerialTransport(board.port, baud=115200)
    for _ in range(2):
        with transport:
            assert termios.tcgetattr(board.fd)[4:6] == [termios.B115200, termios.B115200]
            assert transport.baud == 115200
            transport.write(b"before", 1.0)
            transport.set_baud(921600)
            assert termios.tcgetattr(board.fd)[4:6] == [termios.B921600, termios.B921600]
            assert os.read(board.fd, 100) == b"before"
            transport.set_baud(123456)
            assert transport.baud == 123456
            with pytest.raises(TransportTimeoutError):
                transport.read(1, 0.05)
            os.write(board.fd, b"after")
            assert transport.read(5, None) == b"after"


def test_another_rate_that_cannot_be(board: Board) -> None:
    with SerialTransport(board.port, baud=115200) as transport:
        with pytest.raises(UsageError, match="can't be set to 99999999999 baud"):
            transport.set_baud(99999999999)
        with pytest.raises(UsageError, match="found 0"):
            transport.set_baud(0)
        assert termios.tcgetattr(board.fd)[4:6] == [termios.B115200, termios.B115200]
        os.write(board.fd, b"still here")
        assert transport.read(10, None) == b"still here"


def test_another_rate_of_a_port_that_is_gone(board: Board) -> None:
    transport = SerialTransport(board.port, baud=115200)
    with pytest.raises(TransportClosedError, match="is not open"):
        transport.set_baud(921600)
    with transport:
        board.unplug()
        with pytest.raises(TransportClosedError, match=r"hung up|is gone"):
            transport.set_baud(921600)


@pytest.mark.parametrize("baud", [0, -9600])
def test_a_baud_rate_that_is_none(baud: int) -> None:
    with pytest.raises(UsageError, match=f"found {baud}"):
        SerialTransport("/dev/ttyACM0", baud=baud)


def test_a_rate_beyond_what_the_system_can_count(board: Board) -> None:
    with pytest.raises(UsageError, match="can't be set to 99999999999 baud"):
        SerialTransport(board.port, baud=99999999999).open()


def test_an_unknown_reset_line() -> None:
    with pytest.raises(UsageError, match='one of none, dtr, rts; found "cts"'):
        SerialTransport("/dev/ttyACM0", baud=9600, reset="cts")


def test_a_port_that_there_is_not() -> None:
    error = opening("/dev/ttyNONE")
    assert error.cause == "There is no port /dev/ttyNONE."
    assert error.hint == "plug the board in; microtvm-boards boards detect lists the ports"


@pytest.mark.parametrize("port", ["/dev/null", "/tmp", __file__])
def test_what_is_no_serial_port(port: str) -> None:
    assert opening(port).cause == f"{port} is not a serial port."


def test_a_name_with_a_nul() -> None:
    assert "is no name of a serial port" in opening("/dev/tty\0x").cause


def test_a_port_that_another_process_has_locked_is_busy(board: Board) -> None:
    code = (
        "import fcntl, os, sys, time; fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY);"
        "fcntl.flock(fd, fcntl.LOCK_EX); print('locked', flush=True); time.sleep(60)"
    )
    with other_process(code, board.port) as pid:
        error = opening(board.port)
    assert error.cause.startswith(f"{board.port} is in use by pid {pid} (python")
    assert error.hint == f"close that program; kill {pid} ends it"
    with SerialTransport(board.port, baud=115200):
        pass


def test_a_port_that_another_process_has_just_open_is_busy_too(board: Board) -> None:
    code = (
        "import os, sys, time; fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY);"
        "print('open', flush=True); time.sleep(60)"
    )
    with other_process(code, board.port) as pid:
        assert f"in use by pid {pid}" in opening(board.port).cause


def test_a_port_that_we_have_open_is_busy(board: Board) -> None:
    with SerialTransport(board.port, baud=115200) as first:
        assert "is in use" in opening(board.port).cause
        first.write(b"x", SOON)
    with SerialTransport(board.port, baud=115200):
        pass


@pytest.mark.skipif(os.getuid() != 0, reason="gives up rights that only root has")
@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (0o660, "is for the group dialout.|usermod -aG dialout $USER"),
        (0o600, "and its group dialout has none.|chmod g+rw"),
    ],
)
def test_a_port_that_one_may_not_open(board: Board, mode: int, expected: str) -> None:
    import grp

    os.chown(board.port, 0, grp.getgrnam("dialout").gr_gid)
    Path(board.port).chmod(mode)
    code = (
        "import os, sys\n"
        "from microtvm_boards.errors import TransportError\n"
        "from microtvm_boards.transports.serial import SerialTransport\n"
        "import serial\n"
        "os.setgroups([]), os.setgid(65534), os.setuid(65534)\n"
        "try: SerialTransport(sys.argv[1], baud=9600).open()\n"
        "except TransportError as error: print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, board.port], capture_output=True, text=True, check=True
    ).stdout
    for part in expected.split("|"):
        assert part in said


@pytest.mark.parametrize("number", [errno.ENXIO, errno.EIO, errno.ENODEV])
def test_an_adapter_that_doesnt_answer(number: int) -> None:
    error = port_errors.cannot_open("/dev/ttyUSB0", OSError(number, "x"))
    assert "is gone: it was unplugged, or its adapter" in error.cause


# Reset lines


class Lines:
    """Stands in for pyserial's port: ptys have no lines."""

    def __init__(self) -> None:
        object.__setattr__(self, "moves", [])

    def __setattr__(self, name: str, value: object) -> None:
        self.moves.append((name, value))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("reset", "moves"),
    [
        ("none", []),
        ("dtr", [("dtr", False), ("dtr", True)]),
        ("rts", [("rts", True), ("rts", False)]),
    ],
)
def test_a_reset_is_a_pulse_on_its_line(reset: str, moves: list[tuple[str, bool]]) -> None:
    lines = Lines()
    start = time.monotonic()
    RESETS[reset](lines)  # type: ignore[arg-type]
    assert lines.moves == moves  # type: ignore[attr-defined]
    assert reset == "none" or time.monotonic() - start >= 0.1


def test_a_port_without_lines_is_told_and_not_left_open(board: Board) -> None:
    with pytest.raises(TransportError, match="has no line rts") as caught:
        SerialTransport(board.port, baud=115200, reset="rts").open()
    assert caught.value.hint == "reset=none, and the board's button"
    with SerialTransport(board.port, baud=115200):
        pass


def test_without_a_reset_the_last_close_moves_no_line(board: Board) -> None:
    with SerialTransport(board.port, baud=115200):
        assert not termios.tcgetattr(board.fd)[2] & termios.HUPCL


# In use


def test_what_came_before_the_port_was_opened_is_not_read(board: Board) -> None:
    with SerialTransport(board.port, baud=115200) as serial:
        os.write(board.fd, b"old")
        assert serial.read(1, SOON) == b"o"
    with SerialTransport(board.port, baud=115200) as serial:
        os.write(board.fd, b"new")
        assert serial.read(3, None) == b"new"


def test_unplugging_ends_a_read_that_waits_and_says_so(board: Board) -> None:
    with SerialTransport(board.port, baud=115200, board="my_board") as serial:
        timer = threading.Timer(0.1, board.unplug)
        timer.start()
        with pytest.raises(TransportClosedError) as caught:
            serial.read(1, None)
        timer.join()
        assert caught.value.cause == f"my_board on {board.port} is gone: it was unplugged."
        assert "cable and power" in caught.value.hint
        with pytest.raises(TransportClosedError, match="unplugged"):
            serial.write(b"x", SOON)


def test_a_board_that_is_plugged_in_again_is_opened_again(board: Board) -> None:
    serial = SerialTransport(board.port, baud=115200)
    with serial:
        board.unplug()
        with pytest.raises(TransportClosedError):
            serial.read(1, SOON)
    assert "There is no port" in opening(board.port).cause
    master, slave = pty.openpty()
    serial.port = os.ttyname(slave)
    with serial:
        os.write(master, b"x")
        assert serial.read(1, SOON) == b"x"
    os.close(master)
    os.close(slave)


def test_a_board_that_takes_bytes_slowly_gets_all_of_them(board: Board) -> None:
    data = bytes(range(256)) * 80
    taken = bytearray()

    def take() -> None:
        while len(taken) < len(data):
            taken.extend(os.read(board.fd, 64))
            time.sleep(0.0005)

    thread = threading.Thread(target=take)
    with SerialTransport(board.port, baud=115200) as serial:
        thread.start()
        serial.write(data, SOON)
        thread.join()
    assert taken == data


def test_a_write_that_nobody_takes_says_how_much_went(board: Board) -> None:
    with SerialTransport(board.port, baud=115200) as serial:
        with pytest.raises(TransportTimeoutError, match=r"1000000 bytes within 0\.1 s") as caught:
            serial.write(bytes(1_000_000), 0.1)
        count = int(caught.value.cause.split("took ")[1].split()[0])
        waiting = struct.unpack("i", fcntl.ioctl(board.fd, termios.FIONREAD, bytes(4)))[0]
        assert 0 < waiting <= count < 1_000_000


def test_closing_doesnt_wait_for_a_board_that_takes_nothing(board: Board) -> None:
    serial = SerialTransport(board.port, baud=115200)
    serial.open()
    with pytest.raises(TransportTimeoutError):
        serial.write(bytes(1_000_000), 0)
    start = time.monotonic()
    serial.close()
    assert time.monotonic() - start < PATIENCE


@contextlib.contextmanager
def other_process(code: str, *arguments: str) -> Iterator[int]:
    """Runs until it prints its first line, and is ended after that."""
    command = [sys.executable, "-I", "-S", "-c", code, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        try:
            yield process.pid
        finally:
            process.kill()
