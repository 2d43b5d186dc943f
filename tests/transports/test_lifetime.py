"""No child outlives us, whatever ends us, and none dies before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.transports.base import Transport
from microtvm_boards.transports.child import GRACE
from tests.conftest import PATIENCE

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


def is_gone(pid: int) -> bool:
    """Dead, even if nobody has reaped it yet (an orphan's new parent may be slow)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def goes(pid: int, seconds: float = PATIENCE) -> bool:
    deadline = time.monotonic() + seconds
    while not is_gone(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return False
        time.sleep(0.01)
    return True


def read_pids(transport: Transport) -> list[int]:
    line = b""
    while not line.endswith(b"\n"):
        line += transport.read(1, 10.0)
    return [int(word) for word in line.split()]


def run_parent(
    kind: str, then: str, behaviour: str = "stubborn"
) -> tuple[subprocess.Popen[str], int]:
    """A Python that opens a transport to a child, does `then`; and the child's pid."""
    code = f"""
import os, signal, sys, threading
sys.path.insert(0, {str(HERE)!r})
from conftest import TRANSPORTS
transport = TRANSPORTS[{kind!r}]({behaviour!r})
def open_and_read():
    global pid
    transport.open()
    pid = transport.read(20, 10.0).decode().strip()
def open_and_tell():
    open_and_read()
    print(pid, flush=True)
{then}
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline().split()[0])


@pytest.mark.parametrize("kind", ["process", "emulator"])
@pytest.mark.parametrize(
    "then",
    [
        "open_and_tell(); signal.pause()",
        # A worker thread opens it and ends: the child must stay, and go with the process.
        """
thread = threading.Thread(target=open_and_read)
thread.start()
thread.join()
while os.path.exists(f"/proc/self/task/{thread.native_id}"):
    pass  # Python is done with it, the kernel not yet
print(pid, flush=True)
signal.pause()
""",
    ],
    ids=["main thread", "worker thread"],
)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_child_dies_with_a_parent_that_is_killed(
    kind: str, then: str, number: signal.Signals
) -> None:
    parent, child = run_parent(kind, then)
    assert not is_gone(child)
    parent.send_signal(number)
    assert goes(child)
    parent.communicate()


@pytest.mark.parametrize("kind", ["process", "emulator"])
@pytest.mark.parametrize("then", ["open_and_tell()", "open_and_tell(); os._exit(0)"])
def test_a_child_dies_with_a_parent_that_forgets_to_close(kind: str, then: str) -> None:
    parent, child = run_parent(kind, then)
    assert goes(child)
    assert parent.communicate()[1] == ""


@pytest.mark.parametrize("kind", ["process", "emulator"])
def test_ctrl_c_ends_the_child_by_way_of_close(kind: str) -> None:
    then = "with transport:\n    print(transport.read(20, 10.0).decode().strip(), flush=True)\n"
    parent, child = run_parent(kind, then + "    transport.read(1, None)", "family")
    parent.send_signal(signal.SIGINT)
    assert goes(child)
    assert parent.communicate()[1].rstrip().endswith("KeyboardInterrupt")


def test_a_child_lives_on_while_threads_outlive_the_main_thread() -> None:
    then = """
def work():
    threading.main_thread().join()
    open_and_tell()
    try:
        transport.read(1, 0.2)
    except Exception as error:
        print(type(error).__name__)
threading.Thread(target=work).start()
"""
    parent, child = run_parent("process", then)
    assert parent.communicate() == ("TransportTimeoutError\n", "")
    assert goes(child)


def test_a_child_is_out_of_reach_of_the_terminal(
    child_transport_to: Callable[[str], Transport],
) -> None:
    with child_transport_to("family") as transport:
        child, _ = read_pids(transport)
        assert os.getsid(child) == child != os.getsid(0)
        assert os.getpgid(child) == child


def test_close_kills_a_child_that_ignores_sigterm(
    child_transport_to: Callable[[str], Transport],
) -> None:
    with child_transport_to("stubborn") as transport:
        (child,) = read_pids(transport)
        start = time.monotonic()
    assert GRACE <= time.monotonic() - start < PATIENCE
    assert not Path(f"/proc/{child}").exists()


def test_close_ends_what_the_child_started_too(
    child_transport_to: Callable[[str], Transport],
) -> None:
    with child_transport_to("family") as transport:
        child, grandchild = read_pids(transport)
    assert not Path(f"/proc/{child}").exists()
    assert goes(grandchild)


def test_an_exception_closes(transport_to: Callable[[str], Transport]) -> None:
    with pytest.raises(ZeroDivisionError), transport_to("family") as transport:
        child, _ = read_pids(transport)
        raise ZeroDivisionError
    assert is_gone(child)


def test_several_threads_open_and_close_at_once(
    transport_to: Callable[[str], Transport],
) -> None:
    failures: list[BaseException] = []

    def use(transport: Transport) -> None:
        try:
            for _ in range(5):
                with transport:
                    transport.write(b"x", 10.0)
                    assert transport.read(1, 10.0) == b"x"
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=use, args=[transport_to("echo")]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
