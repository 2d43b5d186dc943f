"""The server as a process: its first answer, its end, and lines that are none of its business."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microtvm_boards.resources import api_server_script, template_dir
from microtvm_boards.server.jsonrpc import (
    INVALID_PARAMS,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    SERVER_ERROR,
)
from tests.conftest import DATA
from tests.server.api_process import PATIENCE, Server
from tests.server.conftest import StartServer

pytestmark = pytest.mark.slow

HEAVY = {"tvm", "numpy", "jinja2", "yaml", "jsonschema", "rich", "click", "elftools"}


def imported_by(code: str, directory: Path) -> set[str]:
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=directory, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("kind", ["template", "project"])
def test_the_first_answer_imports_nothing_heavy(kind: str, request: pytest.FixtureRequest) -> None:
    directory = template_dir() if kind == "template" else request.getfixturevalue("host_project")
    modules = imported_by(
        "import pathlib\n"
        "from microtvm_boards.server.dispatch import answer\n"
        "from microtvm_boards.server.handler import Handler\n"
        "import microtvm_boards.server\n"
        f"handler = Handler(pathlib.Path({str(directory)!r}))\n"
        'query = b\'{"jsonrpc": "2.0", "id": 1, "method": "server_info_query", \'\\\n'
        '        b\'"params": {"tvm_version": "0.16.0"}}\'\n'
        "assert b'result' in answer(handler, query)\n",
        directory,
    )
    assert "microtvm_boards" in modules
    assert not modules & HEAVY


def test_a_template_says_that_it_is_one(template: Server) -> None:
    info = template.result("server_info_query", tvm_version="0.16.0")
    assert info["protocol_version"] == 1
    assert info["platform_name"] == "microtvm-boards"
    assert info["is_template"] is True
    assert info["model_library_format_path"] == ""


def test_a_project_says_where_its_model_is(start: StartServer, host_project: Path) -> None:
    info = start(host_project).result("server_info_query", tvm_version="0.8.0")
    assert info["is_template"] is False
    assert info["model_library_format_path"] == str(host_project / "model.tar")
    assert (host_project / "model.tar").read_bytes() == (DATA / "foo_c.tar").read_bytes()


@pytest.mark.parametrize("where", [0, 1, -1])
def test_malformed_json_is_answered_and_the_server_goes_on(template: Server, where: int) -> None:
    for line in [b"{]\n", b"\xff\n", b"\n"][where:]:
        template.send(line)
        reply = template.reply()
        assert (reply["error"]["code"], reply["id"]) == (PARSE_ERROR, None)
    template.result("close_transport")


def test_each_kind_of_wrong_request_has_its_code(template: Server) -> None:
    template.send(b"[]\n")
    assert template.reply()["error"]["code"] == INVALID_REQUEST
    error = template.error("bild", options={})
    assert error["code"] == METHOD_NOT_FOUND
    assert 'Did you mean "build"?' in error["message"]
    assert template.error("build")["code"] == INVALID_PARAMS
    assert template.error("build", options={})["code"] == SERVER_ERROR
    assert template.error("__init__", directory="/")["code"] == METHOD_NOT_FOUND


def test_a_notification_gets_no_reply(template: Server) -> None:
    template.send(b'{"jsonrpc": "2.0", "method": "close_transport"}\n')
    template.send(b'{"jsonrpc": "2.0", "method": "unknown"}\n')
    template.result("close_transport")


def test_a_last_line_without_newline_is_answered(template: Server) -> None:
    template.send(b'{"jsonrpc": "2.0", "id": 1, "method": "close_transport"}')
    template.stop_requests()
    assert template.reply() == {"jsonrpc": "2.0", "id": 1, "result": None}
    assert template.process.wait(PATIENCE) == 0


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.binary()
    | st.text().map(str.encode)
    | st.dictionaries(
        st.sampled_from(["jsonrpc", "id", "method", "params"]),
        st.sampled_from(["2.0", "build", "read_transport", "server_info_query", 1, None, 1e999])
        | st.dictionaries(
            st.sampled_from(["options", "n", "timeout_sec", "tvm_version"]),
            st.none() | st.floats() | st.text() | st.dictionaries(st.text(), st.floats()),
        ),
    ).map(lambda envelope: json.dumps(envelope).encode())
)
def test_any_line_gets_one_reply_or_is_a_notification(template: Server, data: bytes) -> None:
    line = data.replace(b"\n", b" ") + b"\n"
    template.send(line)
    try:
        sent = json.loads(line.decode())
    except (ValueError, RecursionError):
        sent = None
    # A second request bounds the wait: what comes before its reply is the reply to the first.
    template.send(b'{"jsonrpc": "2.0", "id": "mark", "method": "close_transport"}\n')
    replies = [template.reply()]
    if replies[0].get("id") != "mark":
        replies.append(template.reply())
    assert replies[-1] == {"jsonrpc": "2.0", "id": "mark", "result": None}
    if len(replies) == 1:
        assert isinstance(sent, dict)
        assert "id" not in sent
    else:
        assert replies[0].keys() in ({"jsonrpc", "id", "error"}, {"jsonrpc", "id", "result"})


def test_the_server_ends_with_its_client(template: Server) -> None:
    template.result("server_info_query", tvm_version="0.16.0")
    template.hang_up()
    assert template.stderr() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_server_without_a_traceback(
    template: Server, number: signal.Signals
) -> None:
    template.result("server_info_query", tvm_version="0.16.0")
    template.process.send_signal(number)
    assert template.process.wait(PATIENCE) == 128 + number
    assert template.stderr() == ""


def test_a_signal_that_the_caller_ignores_stays_ignored(start: StartServer) -> None:
    """As under nohup, or in the background of a script."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        server = start(template_dir())
    finally:
        signal.signal(signal.SIGHUP, before)
    server.result("close_transport")
    server.process.send_signal(signal.SIGHUP)
    server.result("close_transport")


def test_debug_prints_requests_replies_and_our_stack(start: StartServer) -> None:
    server = start(template_dir(), "--debug")
    server.error("build", options={})
    assert '-> {"jsonrpc": "2.0", "id": 1, "method": "build"' in server.stderr()
    assert '<- {"jsonrpc": "2.0", "id": 1, "error"' in server.stderr()
    assert "Traceback" in server.stderr()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--read-fd", "0"],
        ["--read-fd", "zero", "--write-fd", "1"],
        ["--read-fd", "987", "--write-fd", "1"],
        ["--read-fd", "-1", "--write-fd", "1"],
        ["--read-fd", "0", "--write-fd", "99999999999999999999"],
    ],
)
def test_a_wrong_command_line_is_explained(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, str(api_server_script()), *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 2
    assert "usage: microtvm_api_server.py" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_template_whose_package_is_not_there_says_what_to_install(tmp_path: Path) -> None:
    script = tmp_path / "microtvm_api_server.py"
    script.write_bytes(api_server_script().read_bytes())
    done = subprocess.run(
        [sys.executable, "-S", str(script)], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 1
    assert "-m pip install microtvm-boards" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_large_write_is_one_line(template: Server) -> None:
    data = "0" * 10_000_000
    request = {"data": data, "timeout_sec": 1}
    line = json.dumps({"jsonrpc": "2.0", "id": 5, "method": "write_transport", "params": request})
    sender = threading.Thread(
        target=lambda: Path(f"/dev/fd/{template.request_fd}").write_text(line + "\n")
    )
    sender.start()
    reply = template.reply()
    sender.join()
    assert reply["error"]["message"] == "TransportClosedError"  # never opened, but read and decoded
