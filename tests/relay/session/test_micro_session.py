"""`tvm.micro.Session` with our session in it: what it raises, and what it leaves behind."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.processes import alive_after, descendants, my_descendants

tvm = pytest.importorskip("tvm")
pytestmark = [
    pytest.mark.tvm,
    pytest.mark.skipif(
        tvm.support.libinfo().get("USE_MICRO", "OFF") == "ON",
        reason="this TVM was built with USE_MICRO=ON and has its own micro session",
    ),
]
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def micro() -> SimpleNamespace:
    from microtvm_boards.tvm import enable_micro

    enable_micro()
    from tests.relay.session.fake_transport import FakeTransport

    return SimpleNamespace(
        Session=tvm.micro.Session,
        SessionTerminatedError=tvm.micro.SessionTerminatedError,
        FakeTransport=FakeTransport,
    )


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    before = my_descendants()
    yield
    gc.collect()
    assert not alive_after(my_descendants() - before)


def answer(session: Any) -> int:
    return int(session._rpc.get_function("answer")())


def test_a_session_opens_calls_and_closes_what_it_opened(micro: SimpleNamespace) -> None:
    before = my_descendants()
    transport = micro.FakeTransport("nothing")
    with micro.Session(transport) as session:
        assert transport.opened == 1
        assert answer(session) == 42
    assert transport.opened == 0
    assert not my_descendants() - before  # no zombie either


def test_two_sessions_at_once(micro: SimpleNamespace) -> None:
    with (
        micro.Session(micro.FakeTransport("nothing")) as one,
        micro.Session(micro.FakeTransport("nothing")) as other,
    ):
        assert [answer(one), answer(other), answer(one)] == [42] * 3


def test_the_second_of_two_goes_on_after_the_first(micro: SimpleNamespace) -> None:
    first = micro.Session(micro.FakeTransport("nothing")).__enter__()
    with micro.Session(micro.FakeTransport("nothing")) as second:
        first.__exit__(None, None, None)
        assert answer(second) == 42


def test_a_session_in_a_thread_outlives_the_thread_that_opened_it(micro: SimpleNamespace) -> None:
    """As AutoTVM uses it."""
    with ThreadPoolExecutor(1) as pool:
        session = pool.submit(micro.Session(micro.FakeTransport("nothing")).__enter__).result()
    assert answer(session) == 42
    session.__exit__(None, None, None)


def test_what_the_device_logs_is_shown(
    micro: SimpleNamespace, capfd: pytest.CaptureFixture[str]
) -> None:
    with micro.Session(micro.FakeTransport("logs")) as session:
        assert answer(session) == 42
    assert capfd.readouterr().err == "remote: out of paper\n"


TERMINATED, TIMEOUT = "SessionTerminatedError", "MicroSessionTimeoutError"


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("silent", TIMEOUT, "silent"),
        ("garbage", TIMEOUT, "garbage: .* bytes that are no answer"),
        ("bad crc", TERMINATED, "a frame with a bad CRC"),
        ("reboots", TERMINATED, "rebooted"),
        ("ends", TERMINATED, "went away"),
        ("no packet", TERMINATED, "no RPC packet"),
    ],
)
def test_a_failure_in_a_call_says_what_was_seen(
    micro: SimpleNamespace, fault: str, kind: str, words: str
) -> None:
    wanted = micro.SessionTerminatedError if kind == TERMINATED else tvm.TVMError
    with micro.Session(micro.FakeTransport(fault, reply=0.2)) as session:
        with pytest.raises(wanted, match=words) as error:
            answer(session)
        assert str(error.value).startswith(f"{kind}: ")
        assert "Traceback" not in str(error.value)
        with pytest.raises(wanted, match=words):  # and so does every call that follows
            answer(session)


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("never there", TIMEOUT, "silent"),
        ("other firmware", TIMEOUT, "entry point c"),
        ("other version", TERMINATED, "version 02"),
    ],
)
def test_a_session_that_does_not_open_says_what_was_seen(
    micro: SimpleNamespace, fault: str, kind: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    wanted = micro.SessionTerminatedError if kind == TERMINATED else tvm.TVMError
    transport = micro.FakeTransport(fault, start=0.5)
    with pytest.raises(wanted, match=words) as error, micro.Session(transport):
        pass
    assert str(error.value).startswith(f"{kind}: ")
    assert transport.opened == 0
    assert words in capfd.readouterr().err  # tvmc itself drops the exception


def test_what_the_device_refuses_is_its_own_error_and_the_session_goes_on(
    micro: SimpleNamespace,
) -> None:
    with micro.Session(micro.FakeTransport("refuses")) as session:
        for _ in range(2):
            with pytest.raises(tvm.error.RPCError, match="E_OTHER"):
                answer(session)


def test_a_session_that_is_dropped_leaves_nothing(micro: SimpleNamespace) -> None:
    transport = micro.FakeTransport("nothing")
    before = my_descendants()
    session = micro.Session(transport).__enter__()
    child = my_descendants() - before
    assert answer(session) == 42
    del session
    gc.collect()
    transport.close()
    assert not alive_after(child)


IN_A_CALL = """
import microtvm_boards.tvm, tvm.micro
from tests.relay.session.fake_transport import FakeTransport
session = tvm.micro.Session(FakeTransport("sleeps")).__enter__()
function = session._rpc.get_function("sleep")
print("calling", flush=True)
function()
"""


def host_in_a_call() -> subprocess.Popen[bytes]:
    """In a process group of its own, as a terminal's foreground job is."""
    command = [sys.executable, "-c", IN_A_CALL]
    host = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, start_new_session=True
    )
    assert host.stdout is not None and host.stdout.readline() == b"calling\n"
    return host


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_host_that_is_killed_in_a_call_leaves_nothing(number: signal.Signals) -> None:
    with host_in_a_call() as host:
        below = descendants(host.pid)
        assert len(below) == 2  # the bridge and the device
        os.kill(host.pid, number)
    assert not alive_after(below)


def test_ctrl_c_in_a_call_interrupts_it_and_leaves_nothing() -> None:
    """TVM itself crashes on a signal while it waits for a socket (v0.16)."""
    with host_in_a_call() as host:
        below = descendants(host.pid)
        os.killpg(host.pid, signal.SIGINT)
        _, errors = host.communicate(timeout=10)
    assert errors.endswith(b"KeyboardInterrupt\n")
    assert host.returncode == -signal.SIGINT
    assert not alive_after(below)


def test_ctrl_c_while_a_call_is_on_its_way_interrupts_it(micro: SimpleNamespace) -> None:
    """The parent is in the call already; its child, which gets Ctrl-C as well, not yet."""
    before = my_descendants()
    with micro.Session(micro.FakeTransport("nothing")) as session:
        for pid in my_descendants() - before:
            if os.getpgid(pid) == os.getpgid(0):  # the bridge; the device has a group of its own
                os.kill(pid, signal.SIGINT)
        with pytest.raises(micro.SessionTerminatedError, match="interrupted"):
            answer(session)
    with micro.Session(micro.FakeTransport("nothing")) as session:
        assert answer(session) == 42
