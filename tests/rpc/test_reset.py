"""A board that is reset in the middle of a call: a real one in QEMU, whose monitor resets it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.platforms import get_platform, qemu
from microtvm_boards.project import Project, create, parse_options
from microtvm_boards.rpc import Device, ModelInfo, SessionError
from microtvm_boards.rpc.codecs import classic
from microtvm_boards.rpc.seen import Seen
from microtvm_boards.transports.emulator import EmulatorTransport
from tests.conftest import DATA, PATIENCE
from tests.end_to_end.firmware import need_tools, read_family

pytestmark = pytest.mark.qemu

HEAP_BYTES = 1 << 19
SECONDS = 0.3  # into a call that takes longer


@dataclass(frozen=True)
class Board:
    device: Device
    monitor: socket.socket

    def reset(self) -> None:
        self.monitor.sendall(b"system_reset\n")

    @contextmanager
    def reset_soon(self) -> Iterator[None]:
        timer = threading.Timer(SECONDS, self.reset)
        timer.start()
        yield
        timer.join()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    options = parse_options(
        {"board": "mps2_an386", "tensor_heap_bytes": HEAP_BYTES}, "generate_project"
    )
    made = create(DATA / "foo_packed.tar", tmp_path_factory.mktemp("reset") / "project", options)
    need_tools(made)
    get_platform(made.platform).build(made)
    return made


@pytest.fixture
def board(project: Project, tmp_path: Path) -> Iterator[Board]:
    path = tmp_path / "monitor"
    command = qemu.command(project.board, get_platform(project.platform).firmware(project))
    command[command.index("-monitor") + 1] = f"unix:{path},server=on,wait=off"
    models = [ModelInfo(model.name, model.inputs, model.outputs) for model in project.models]
    device = Device(EmulatorTransport(command, name="mps2_an386"), classic, models=models)
    device.open()
    with device, socket.socket(socket.AF_UNIX) as monitor:
        monitor.connect(str(path))
        yield Board(device, monitor)


def check_that_it_works(device: Device) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    outputs = device.model().run(inputs[0])
    for got, want in zip(outputs.values(), expected[0].values(), strict=True):
        np.testing.assert_array_equal(got.reshape(want.shape), want)


def test_while_the_model_runs(board: Board) -> None:
    check_that_it_works(board.device)
    began = time.monotonic()
    with board.reset_soon(), pytest.raises(SessionError, match="rebooted") as error:
        board.device.model().time(number=1 << 20)
    assert error.value.seen is Seen.REBOOTED
    assert time.monotonic() - began < PATIENCE
    check_that_it_works(board.device)


def test_while_a_tensor_goes_up(board: Board) -> None:
    tensor = board.device.allocate((HEAP_BYTES // 2,), "uint8")
    with board.reset_soon(), pytest.raises(SessionError) as error:
        while True:
            board.device.copy_to(tensor, bytes(HEAP_BYTES // 2))
    assert error.value.seen is Seen.REBOOTED
    check_that_it_works(board.device)


def test_between_two_calls(board: Board) -> None:
    check_that_it_works(board.device)
    board.reset()
    time.sleep(SECONDS)
    with pytest.raises(SessionError, match="rebooted"):
        board.device.call("tvm.rpc.server.GetCRTMaxPacketSize")
    check_that_it_works(board.device)
