"""Trials of tuning over the Project API, as TVM makes one of each configuration."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.rpc import Device
from microtvm_boards.rpc.codecs import classic
from microtvm_boards.transports.base import Transport
from tests.conftest import DATA
from tests.server.api_process import PATIENCE, Server

pytestmark = pytest.mark.tools

StartServer = Callable[..., Server]


class ServerTransport(Transport):
    """The bytes that a server passes on, as TVM's client sees them."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def open(self) -> None: ...

    def close(self) -> None: ...

    def read(self, n: int, timeout: float | None) -> bytes:
        found = self._server.result("read_transport", n=n, timeout_sec=timeout)
        return base64.b85decode(found["data"])

    def write(self, data: bytes, timeout: float | None) -> None:
        text = base64.b85encode(data).decode()
        self._server.result("write_transport", data=text, timeout_sec=timeout)


@pytest.fixture
def trial(start: StartServer, tmp_path: Path) -> Iterator[Callable[..., tuple[Server, Path]]]:
    """`trial(board, ...)`: the directory of a trial of bias_add, and a server on it."""

    def make(board: str, **options: object) -> tuple[Server, Path]:
        for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
            if board != "host" and shutil.which(tool) is None:
                pytest.skip(f"{tool} is not installed")
        from microtvm_boards.resources import template_dir

        directory = tmp_path / "trial"
        # TVM from 0.12 sends the defaults, too.
        reply = start(template_dir()).generate(
            directory, DATA / "operator.tar", board=board, tuning_load="auto", **options
        )
        assert "error" not in reply, reply
        return start(directory), directory

    yield make


@pytest.mark.parametrize("board", ["host", pytest.param("mps2_an386", marks=pytest.mark.qemu)])
def test_a_trial_is_generated_built_flashed_and_called(
    trial: Callable[..., tuple[Server, Path]], board: str
) -> None:
    server, directory = trial(board)
    server.result("build", options={"verbose": False})
    built = {path.name for path in (directory / "build").iterdir()}
    assert "trial.json" in built
    assert "CMakeCache.txt" not in built  # the firmware was built elsewhere, and before
    server.result("flash", options={})
    server.result("open_transport", options={})
    device = Device(ServerTransport(server), classic)
    library = device.system_library()
    a = device.allocate((4, 8), "int8")
    b = device.allocate((1, 8), "int8")
    c = device.allocate((4, 8), "int32")
    left, right = np.arange(32, dtype=np.int8), np.arange(8, dtype=np.int8)
    device.copy_to(a, left.tobytes())
    device.copy_to(b, right.tobytes())
    # TVM's name for the first function of a module.
    device.call(device.module_function(library, "__tvm_main__"), a, b, c, work=PATIENCE)
    found = np.frombuffer(device.copy_from(c), np.int32).reshape(4, 8)
    np.testing.assert_array_equal(found, left.reshape(4, 8).astype(np.int32) + right)
    server.result("close_transport")


def test_what_is_not_built_is_neither_flashed_nor_opened(
    trial: Callable[..., tuple[Server, Path]],
) -> None:
    server, directory = trial("host")
    for method in ("flash", "open_transport"):
        assert "is not built" in server.error(method, options={})["message"]
    source = directory / "model/codegen/host/src/lib1.c"
    good = source.read_bytes()
    server.result("build", options={})
    source.write_bytes(b"#error wrong\n" + good)
    assert "lib1.c:1: #error wrong" in server.error("build", options={})["message"]
    assert "is not built" in server.error("open_transport", options={})["message"]
