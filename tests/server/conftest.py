"""Servers on templates and projects, as processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from microtvm_boards.resources import api_server_script, template_dir
from tests.conftest import DATA
from tests.manifests import manifest
from tests.server.api_process import Server

StartServer = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[StartServer]:
    """`start(directory, *arguments)`: a server on `directory`, ended after the test."""
    started: list[Server] = []

    def start_one(directory: Path, *arguments: str) -> Server:
        server = Server(directory, tmp_path / f"stderr{len(started)}.txt", arguments)
        started.append(server)
        return server

    yield start_one
    for server in started:
        server.__exit__(None, None, None)


@pytest.fixture
def template(start: StartServer) -> Server:
    """A server on the template directory."""
    return start(template_dir())


@pytest.fixture(scope="session")
def host_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project for the host with the C entry point, generated through the server; not built."""
    folder = tmp_path_factory.mktemp("host")
    with Server(template_dir(), folder / "stderr.txt") as server:
        reply = server.generate(
            folder / "project", DATA / "foo_c.tar", board="host", model_entrypoint_api="c"
        )
        assert "error" not in reply, reply
    return folder / "project"


@pytest.fixture
def echo_project(tmp_path: Path) -> Callable[..., Path]:
    """`echo_project(code)`: a project whose firmware is the Python program `code`.

    Its server is the real one, with one more platform that is installed (echo_platform.py).
    """

    def make(code: str = ECHO) -> Path:
        project = tmp_path / "echo_project"
        project.mkdir()
        (project / "firmware.py").write_text(code)
        installed = tmp_path / "echo_platform-1.0.dist-info"
        installed.mkdir()
        (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: echo-platform\n")
        (installed / "entry_points.txt").write_text(
            "[microtvm_boards.platforms]\necho = echo_platform:PLUGIN\n"
        )
        (project / "board.yaml").write_bytes(
            (template_dir() / "board_configs" / "host.yaml").read_bytes()
        )
        (project / "project.json").write_bytes(manifest("echo", "packed").dumps())
        (project / "microtvm_api_server.py").write_text(
            "import sys\n"
            f"sys.path[:0] = {[str(tmp_path), str(Path(__file__).parent), str(template_dir())]}\n"
            + api_server_script().read_text()
        )
        return project

    return make


ECHO = """\
import os
while data := os.read(0, 65536):
    while data:
        data = data[os.write(1, data):]
"""
