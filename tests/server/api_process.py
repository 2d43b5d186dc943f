"""A server as TVM starts it: a process, two pipes, one JSON object a line."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

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
        self._unread = b""
        self._next_id = 0

    def send(self, line: bytes) -> None:
        os.write(self.request_fd, line)

    def reply(self) -> dict[str, Any]:
        while b"\n" not in self._unread:
            ready, _, _ = select.select([self.reply_fd], [], [], PATIENCE)
            assert ready, "no reply"
            data = os.read(self.reply_fd, 65536)
            assert data, f"the server ended: {self.stderr()}"
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
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

    def stop_requests(self) -> None:
        if self.request_fd >= 0:
            os.close(self.request_fd)
            self.request_fd = -1

    def stop_replies(self) -> None:
        if self.reply_fd >= 0:
            os.close(self.reply_fd)
            self.reply_fd = -1

    def hang_up(self) -> int:
        """Closes both pipes, in the order of TVM's client, and returns the exit code."""
        self.stop_replies()
        self.stop_requests()
        return self.process.wait(PATIENCE)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.hang_up()
