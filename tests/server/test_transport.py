"""The transport methods over real pipes to a real process, which the tests write themselves."""

import base64
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.server.jsonrpc import INVALID_PARAMS, SERVER_ERROR
from tests.server.api_process import PATIENCE, Server
from tests.server.conftest import StartServer

pytestmark = pytest.mark.slow

# Says its process id, then repeats what it reads.
ECHO_WITH_PID = """\
import os
os.write(1, f"{os.getpid()}\\n".encode())
while data := os.read(0, 65536):
    os.write(1, data)
"""
SILENT = "import time\nwhile True: time.sleep(60)\n"
ENDS = 'import sys\nprint("no vector table", file=sys.stderr)\nsys.exit(3)\n'

EchoProject = Callable[..., Path]


@pytest.fixture
def echo(start: StartServer, echo_project: EchoProject) -> Server:
    return start(echo_project())


def read(server: Server, n: int, timeout_sec: float | None = PATIENCE) -> bytes:
    reply = server.result("read_transport", n=n, timeout_sec=timeout_sec)
    return base64.b85decode(reply["data"])


def write(server: Server, data: bytes, timeout_sec: float | None = PATIENCE) -> None:
    encoded = base64.b85encode(data).decode()
    assert server.result("write_transport", data=encoded, timeout_sec=timeout_sec) is None


def read_pid(server: Server) -> int:
    text = b""
    while not text.endswith(b"\n"):
        text += read(server, 1)
    return int(text)


def has_ended(pid: int) -> bool:
    """Waits for a process that isn't our child."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.005)
    return False


def test_every_byte_goes_out_and_comes_back(echo: Server) -> None:
    echo.result("open_transport", options={})
    data = bytes(range(256)) * 3
    write(echo, data)
    assert read(echo, len(data), None) == data


def test_a_megabyte_arrives_whole(echo: Server) -> None:
    echo.result("open_transport", options={})
    data = os.urandom(1 << 14)
    for _ in range(64):
        write(echo, data)
        assert read(echo, len(data), None) == data


def test_a_read_returns_what_is_there_and_at_most_n_bytes(echo: Server) -> None:
    echo.result("open_transport", options={})
    write(echo, b"abcdef")
    assert read(echo, 2) == b"ab"
    assert read(echo, 100) == b"cdef"


def test_the_timeouts_that_tvm_needs_are_told(echo: Server) -> None:
    timeouts = echo.result("open_transport", options={})["timeouts"]
    assert timeouts.keys() == {
        "session_start_retry_timeout_sec",
        "session_start_timeout_sec",
        "session_established_timeout_sec",
    }
    assert 0 < timeouts["session_start_retry_timeout_sec"] < timeouts["session_start_timeout_sec"]
    assert timeouts["session_established_timeout_sec"] > 0


def test_a_debugger_gets_all_the_time_there_is(echo: Server) -> None:
    timeouts = echo.result("open_transport", options={"gdbserver_port": "1234"})["timeouts"]
    assert set(timeouts.values()) == {0}


def test_silence_is_an_io_timeout(start: StartServer, echo_project: EchoProject) -> None:
    server = start(echo_project(SILENT))
    server.result("open_transport", options={})
    for timeout in (0, 0.05):
        error = server.error("read_transport", n=1, timeout_sec=timeout)
        assert (error["code"], error["message"]) == (SERVER_ERROR, "IoTimeoutError")
        assert "sent nothing within" in error["data"]["traceback"]


def test_a_firmware_that_ended_is_a_closed_transport_and_its_last_words_are_shown(
    start: StartServer, echo_project: EchoProject
) -> None:
    server = start(echo_project(ENDS))
    server.result("open_transport", options={})
    error = server.error("read_transport", n=1, timeout_sec=PATIENCE)
    assert (error["code"], error["message"]) == (SERVER_ERROR, "TransportClosedError")
    assert "exit status 3" in error["data"]["traceback"]
    assert "no vector table" in error["data"]["traceback"]
    assert "no vector table" in server.stderr(), "tvmc run shows nothing else"


@pytest.mark.parametrize("method", ["read_transport", "write_transport"])
def test_a_transport_that_is_not_open_is_closed(echo: Server, method: str) -> None:
    parameters = {"n": 1} if method == "read_transport" else {"data": "VPaz"}
    for _ in range(2):
        error = echo.error(method, **parameters, timeout_sec=1)
        assert error["message"] == "TransportClosedError"
        assert "open_transport first" in error["data"]["traceback"]
        echo.result("open_transport", options={})
        echo.result("close_transport")


def test_closing_what_is_not_open_is_harmless(echo: Server) -> None:
    for _ in range(3):
        assert echo.result("close_transport") is None


def test_opening_again_starts_the_firmware_again(
    start: StartServer, echo_project: EchoProject
) -> None:
    server = start(echo_project(ECHO_WITH_PID))
    server.result("open_transport", options={})
    first = read_pid(server)
    server.result("open_transport", options={})
    second = read_pid(server)
    assert second != first
    assert has_ended(first)
    write(server, b"still here")
    assert read(server, 10, None) == b"still here"


def test_a_failed_open_says_why_and_the_next_one_works(
    start: StartServer, echo_project: EchoProject
) -> None:
    project = echo_project()
    server = start(project)
    manifest = (project / "project.json").read_bytes()
    (project / "project.json").write_text("{}")
    error = server.error("open_transport", options={})
    assert "project.json is damaged" in error["message"]
    assert "project.json is damaged" in server.stderr(), "tvmc run shows nothing else"
    (project / "project.json").write_bytes(manifest)
    server.result("open_transport", options={})


@pytest.mark.parametrize("end", ["hang up", "stop requests", "SIGTERM", "SIGINT"])
def test_no_firmware_is_left_when_the_client_goes(
    start: StartServer, echo_project: EchoProject, end: str
) -> None:
    server = start(echo_project(ECHO_WITH_PID))
    server.result("open_transport", options={})
    pid = read_pid(server)
    if end == "hang up":
        server.hang_up()
    elif end == "stop requests":
        server.stop_requests()
        assert server.process.wait(PATIENCE) == 0
    else:
        number = signal.Signals[end]
        server.process.send_signal(number)
        assert server.process.wait(PATIENCE) == 128 + number
    assert has_ended(pid)


def test_a_client_that_dies_during_a_read_without_timeout_leaves_nothing(
    start: StartServer, echo_project: EchoProject
) -> None:
    server = start(echo_project(ECHO_WITH_PID))
    server.result("open_transport", options={})
    pid = read_pid(server)
    parameters = {"n": 1, "timeout_sec": None}
    request = {"jsonrpc": "2.0", "id": 1, "method": "read_transport", "params": parameters}
    server.send(json.dumps(request).encode() + b"\n")
    server.hang_up()
    assert has_ended(pid)
    assert "Traceback" not in server.stderr()


def test_wrong_parameters_leave_the_transport_open(echo: Server) -> None:
    echo.result("open_transport", options={})
    write(echo, b"x")
    for parameters in ({"n": "1", "timeout_sec": 1}, {"n": 1, "timeout_sec": "soon"}):
        assert echo.error("read_transport", **parameters)["code"] == INVALID_PARAMS
    # Python's json writes NaN, so TVM's client may.
    error = echo.error("read_transport", n=1, timeout_sec=float("nan"))
    assert error["code"] == INVALID_PARAMS
    assert echo.error("write_transport", data="ü", timeout_sec=1)["code"] == INVALID_PARAMS
    assert read(echo, 1) == b"x"


def test_verbose_prints_the_progress_to_stderr(echo: Server) -> None:
    echo.result("build", options={"verbose": "false"})
    assert echo.stderr() == ""
    echo.result("build", options={"verbose": "true"})
    assert echo.stderr() == "nothing to build\n"


def test_an_error_of_a_method_arrives_in_full(echo: Server) -> None:
    error = echo.error("flash", options={})
    assert error["message"] == "No probe None."
    assert error["data"] == {"traceback": "  line 1\n  line 2\nTry: plug in"}
