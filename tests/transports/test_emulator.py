from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from microtvm_boards.errors import ToolNotFoundError, TransportClosedError, TransportError
from microtvm_boards.transports.emulator import LONGEST_DIRECTORY, EmulatorTransport

SOON = 10.0
HERE = Path(__file__).parent
PEER = [sys.executable, "-I", "-S", str(HERE / "peer.py")]


def python(code: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code, "{socket}"]


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty place for temporary files, with a path short enough for sockets."""
    with tempfile.TemporaryDirectory() as directory:
        monkeypatch.setattr(tempfile, "tempdir", directory)
        yield Path(directory)


# Connecting, with a stand-in


def test_an_emulator_that_ends_at_once_is_quoted(temporary: Path) -> None:
    code = "import sys; sys.exit('qemu: no such machine')"
    with pytest.raises(TransportError) as caught:
        EmulatorTransport(python(code), name="mps2_an386").open()
    assert caught.value.cause == (
        "mps2_an386 ended with exit status 1 before its UART could be reached."
    )
    assert caught.value.details == ("qemu: no such machine",)
    assert list(temporary.iterdir()) == []


def test_an_emulator_that_never_listens_is_given_up_and_ended(temporary: Path) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    transport = EmulatorTransport(python(code), name="mps2_an386", connect_timeout=0.3)
    with pytest.raises(TransportError, match=r"has not opened its UART within 0\.3 s") as caught:
        transport.open()
    assert not Path(f"/proc/{caught.value.details[0]}").exists()
    assert list(temporary.iterdir()) == []
    with pytest.raises(TransportClosedError, match="is not open"):
        transport.read(1, 0)


def test_an_emulator_that_listens_late_is_waited_for() -> None:
    code = (
        "import socket, sys, time; time.sleep(0.2); s = socket.socket(socket.AF_UNIX);"
        "s.bind(sys.argv[1]); time.sleep(0.1); s.listen(); s.accept()[0].send(b'hi')"
    )
    with EmulatorTransport(python(code), name="late") as transport:
        assert transport.read(2, None) == b"hi"


def test_the_socket_s_directory_is_private_and_gone_once_connected(temporary: Path) -> None:
    code = (
        "import os, socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]);"
        "mode = os.stat(os.path.dirname(sys.argv[1])).st_mode; s.listen(); s = s.accept()[0];"
        "s.send(b'%o' % (mode & 0o777)); s.recv(1)"
    )
    with EmulatorTransport(python(code), name="peer") as transport:
        assert transport.read(3, None) == b"700"
        assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("name", ["d" * (LONGEST_DIRECTORY + 1), "with,comma"])
def test_a_temporary_directory_that_no_socket_can_be_in_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / name))
    with EmulatorTransport([*PEER, "echo", "{socket}"], name="peer") as transport:
        transport.write(b"x", SOON)
        assert transport.read(1, SOON) == b"x"


@pytest.mark.tools
def test_the_placeholder_may_be_part_of_an_argument_and_has_to_be_there_once() -> None:
    sh = "exec " + " ".join(PEER) + " last\\ words ${1#path=}"
    with EmulatorTransport(["sh", "-c", sh, "sh", "path={socket}"], name="peer") as transport:
        assert transport.read(4, None) == b"last"
    for arguments in ([], ["{socket}", "{socket}"]):
        with pytest.raises(ValueError, match="socket"):
            EmulatorTransport(["qemu", *arguments], name="peer")


def test_an_emulator_that_is_not_installed_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolNotFoundError) as caught:
        EmulatorTransport(["qemu-system-arm", "{socket}"], name="mps2_an386").open()
    assert str(caught.value) == (
        "qemu-system-arm is needed; it is not on the PATH.\nTry: apt-get install qemu-system-arm"
    )


def test_closing_from_another_thread_ends_the_wait_for_the_emulator() -> None:
    transport = EmulatorTransport(python("import time; time.sleep(60)"), name="peer")
    failed: list[TransportError] = []

    def open_it() -> None:
        try:
            transport.open()
        except TransportError as error:
            failed.append(error)

    thread = threading.Thread(target=open_it)
    thread.start()
    while thread.is_alive():  # again, should it come before `open` has begun
        transport.close()
    assert [type(error) for error in failed] == [TransportClosedError]


# With QEMU


@pytest.fixture(scope="module")
def echo_firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("echo")
    script = directory / "echo.ld"
    script.write_text("SECTIONS { .text 0 : { KEEP(*(.vectors)) *(.text*) *(.rodata*) } }")
    command = "arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os -Wall -Wextra -Werror -nostdlib"
    firmware = directory / "echo.elf"
    subprocess.run(
        [*command.split(), "-T", str(script), str(HERE / "echo.c"), "-o", str(firmware)], check=True
    )
    return firmware


def qemu(*arguments: str) -> EmulatorTransport:
    command = "qemu-system-arm -display none -monitor none -serial chardev:uart -icount shift=6"
    return EmulatorTransport(
        [
            *command.split(),
            *("-semihosting-config", "enable=on,target=native"),
            *("-chardev", "socket,id=uart,path={socket},server=on,wait=on"),
            *arguments,
        ],
        name="mps2_an385",
    )


@pytest.mark.qemu
def test_qemu_opens_again_and_again_and_loses_no_byte(echo_firmware: Path, temporary: Path) -> None:
    transport = qemu("-M", "mps2-an385", "-kernel", str(echo_firmware))
    for _ in range(3):
        with transport:
            assert transport.read(3, None) == b"hi\n"
            every_byte = bytes(b for b in range(256) if b != 4) * 8
            transport.write(every_byte, SOON)
            assert transport.read(len(every_byte), None) == every_byte
            assert list(temporary.iterdir()) == []


@pytest.mark.qemu
def test_firmware_that_exits_is_told_with_its_status(echo_firmware: Path) -> None:
    with qemu("-M", "mps2-an385", "-kernel", str(echo_firmware)) as transport:
        transport.write(b"x\4", SOON)
        assert transport.read(4, None) == b"hi\nx"
        with pytest.raises(TransportClosedError, match="mps2_an385 ended with exit status 5"):
            transport.read(1, SOON)


@pytest.mark.qemu
def test_what_qemu_refuses_is_quoted(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="unsupported machine type"):
        qemu("-M", "no-such-machine").open()
    transport = qemu("-M", "mps2-an385", "-kernel", str(tmp_path / "none.elf"))
    with pytest.raises(TransportError, match=r"none\.elf"), transport:
        transport.read(1, SOON)


@pytest.mark.qemu
def test_qemu_ends_by_itself_on_close(echo_firmware: Path) -> None:
    transport = qemu("-M", "mps2-an385", "-kernel", str(echo_firmware))
    transport.open()
    child = transport._connection.child
    transport.close()
    assert child.ending() == "was ended by signal SIGTERM"  # it needs no SIGKILL
