"""A server as TVM starts it: a process, two pipes, one JSON object a line."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from microtvm_boards.resources import api_server_script, template_dir

DATA = Path(__file__).parent.parent / "data"
PATIENCE = 120  # seconds; only a server that hangs uses them up


class Server:
    """Starts microtvm_api_server.py like project_api/client.py of TVM v0.16 does."""

    def __init__(self, directory: Path, stderr: Path, arguments: Sequence[str] = ()) -> None:
        request_end, self.request_fd = os.pipe()
        self.reply_fd, reply_end = os.pipe()
        script = directory / "microtvm_api_server.py"
        self._stderr = stderr
        with stderr.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, str(script)),
                    *("--read-fd", str(request_end), "--write-fd", str(reply_end)),
                    *arguments,
                ],
                pass_fds=(request_end, reply_end),
                cwd=directory,
                stderr=log,
            )
        os.close(request_end)
        os.close(reply_end)
        self.replies = os.fdopen(self.reply_fd, "rb")
        self._next_id = 0

    def send(self, line: bytes) -> None:
        os.write(self.request_fd, line)

    def reply(self) -> dict[str, Any]:
        ready, _, _ = select.select([self.replies], [], [], PATIENCE)
        assert ready, "no reply"
        line = self.replies.readline()
        assert line, f"the server ended: {self.stderr()}"
        parsed = json.loads(line)
        assert isinstance(parsed, dict)
        return parsed

    def call(self, method: str, **params: object) -> dict[str, Any]:
        """The whole reply, an error or a result."""
        self._next_id += 1
        request = {"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params}
        self.send(json.dumps(request).encode() + b"\n")
        reply = self.reply()
        assert reply["jsonrpc"] == "2.0"
        assert reply["id"] == self._next_id
        assert ("result" in reply) != ("error" in reply)
        return reply

    def result(self, method: str, **params: object) -> Any:
        reply = self.call(method, **params)
        assert "error" not in reply, reply["error"]
        return reply["result"]

    def error(self, method: str, **params: object) -> dict[str, Any]:
        reply = self.call(method, **params)
        assert "result" not in reply, reply["result"]
        error = reply["error"]
        assert isinstance(error, dict)
        return error

    def generate(self, project: Path, mlf: Path, **options: object) -> dict[str, Any]:
        """generate_project; the whole reply."""
        return self.call(
            "generate_project",
            model_library_format_path=str(mlf),
            standalone_crt_dir="",
            project_dir=str(project),
            options=options,
        )

    def stderr(self) -> str:
        return self._stderr.read_text()

    def hang_up(self) -> int:
        """Closes both pipes, as TVM's client does, and returns the exit code."""
        self.replies.close()
        os.close(self.request_fd)
        self.request_fd = -1
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.request_fd >= 0:
            self.hang_up()


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

    Its server is the real one, with one more platform in its table (echo_platform.py).
    """

    def make(code: str = ECHO) -> Path:
        project = tmp_path / "echo_project"
        project.mkdir()
        (project / "firmware.py").write_text(code)
        (project / "board.yaml").write_bytes(
            (template_dir() / "board_configs" / "host.yaml").read_bytes()
        )
        manifest = {
            **{"format": 1, "platform": "echo", "entrypoint": "packed", "app": "harness"},
            **{"sample_count": 0, "models": []},
        }
        (project / "project.json").write_text(json.dumps(manifest))
        (project / "microtvm_api_server.py").write_text(
            "import sys\n"
            f"sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(template_dir())!r}]\n"
            "from microtvm_boards.platforms import PLATFORMS\n"
            'PLATFORMS["echo"] = "echo_platform:EchoPlatform"\n'
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
