"""Sessions with real firmware: many, cut off, with the wrong firmware, with little memory."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from microtvm_boards.errors import DeviceError, ProjectError, TransportClosedError, UsageError
from microtvm_boards.project import Project
from microtvm_boards.rpc import (
    Device,
    Pace,
    RemoteError,
    SessionClosedError,
    SessionTimeoutError,
)
from microtvm_boards.run import connect
from microtvm_boards.transports.child_transport import ChildTransport
from tests.conftest import DATA, PATIENCE, RUNTIMES
from tests.end_to_end.firmware import read_family
from tests.rpc.firmware.projects import (
    BOARDS,
    ON_BOARDS,
    MakeProject,
    built,
    built_once,
    check,
    on_boards,
)

pytestmark = pytest.mark.tools


@pytest.fixture(scope="module", params=RUNTIMES)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Model foo for this computer, built. Not to be changed."""
    if request.param == "standalone_crt":
        request.getfixturevalue("standalone_crt")
    return built_once(tmp_path_factory, "foo_packed", runtime=request.param)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return built_once(tmp_path_factory, "shapes_packed")


def pid_of(device: Device) -> int:
    transport = device._transport
    assert isinstance(transport, ChildTransport) and transport._connection is not None
    return transport._connection.child.pid


def gone(pid: int) -> bool:
    """Whether it has ended; who reaps an orphan doesn't matter."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_session_is_opened_again_a_hundred_times(project: Project) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    pids = set()
    for number in range(100):
        with connect(project) as device:
            pids.add(pid_of(device))
            check(device.model().run(inputs[number % 4]), expected[number % 4])
    assert all(map(gone, pids))


def test_a_session_starts_again_a_hundred_times_on_one_firmware(project: Project) -> None:
    """What a session allocated is free in the next one."""
    inputs, expected = read_family(DATA / "foo.npz")
    with connect(project) as device:
        free = largest_allocation(device)
        for number in range(100):
            device.allocate((free // 2 + 1,), "int8")  # two of them don't fit
            device.session.start()
            if number % 10 == 0:
                check(device.model().run(inputs[0]), expected[0])


def largest_allocation(device: Device) -> int:
    size = 1 << 30
    while True:
        try:
            device.release(device.allocate((size,), "int8"))
            return size
        except RemoteError:
            size //= 2


def test_two_projects_run_at_once(project: Project, other: Project) -> None:
    foo, shapes = read_family(DATA / "foo.npz"), read_family(DATA / "shapes.npz")
    with connect(project) as first, connect(other) as second, connect(project) as third:
        for i in range(4):
            check(first.model().run(foo[0][i]), foo[1][i])
            check(second.model().run(shapes[0][i]), shapes[1][i])
            check(third.model().run(foo[0][i]), foo[1][i])


def test_a_device_that_is_killed_in_the_middle_of_a_call_is_told_at_once(project: Project) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    with connect(project) as device:
        model = device.model()
        model.run(inputs[0])
        pid = pid_of(device)
        threading.Timer(0.3, os.kill, (pid, signal.SIGKILL)).start()
        began = time.monotonic()
        with pytest.raises(SessionClosedError, match="SIGKILL"):
            model.time(number=1 << 30)
        assert time.monotonic() - began < PATIENCE
        with pytest.raises(TransportClosedError):
            model.run(inputs[0])
        device.close()
        device.open()
        check(model.run(inputs[0]), expected[0])


@pytest.mark.parametrize("project", ["own"], indirect=True)
def test_counts_that_no_board_can_serve_are_refused(project: Project) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    with connect(project) as device:
        model = device.model()
        with pytest.raises(RemoteError, match="MTVM_RPC_E_VALUE"):
            model.time(number=1 << 31)
        with pytest.raises(RemoteError, match="MTVM_RPC_E_BUFFER"):  # of all the times
            model.time(repeat=1 << 20)
        check(model.run(inputs[0]), expected[0])


def test_a_measurement_without_an_end_is_bounded_by_how_long_a_run_took(project: Project) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    with connect(project, pace=Pace(grace=0.5, margin=1e-6, start=1.0)) as device:
        model = device.model()
        began = time.monotonic()
        with pytest.raises(SessionTimeoutError, match="the timing of model foo was awaited"):
            model.time(number=1 << 30)
        with pytest.raises(SessionTimeoutError, match="the start of a session was awaited"):
            model.run(inputs[0])  # it still counts
        assert time.monotonic() - began < PATIENCE
        device.close()
        device.open()
        device.session.pace = Pace()
        check(model.run(inputs[0]), expected[0])


@pytest.mark.parametrize("board", BOARDS)
def test_when_this_side_is_killed_no_firmware_stays(make_project: MakeProject, board: str) -> None:
    code = (
        "import sys, time\n"
        "from microtvm_boards.run import connect\n"
        "device = connect(sys.argv[1])\n"
        "print(device._transport._connection.child.pid, flush=True)\n"
        "device.model().time(number=1 << 30)\n"
    )
    project = built(make_project, "foo_packed", board=board)
    command = [sys.executable, "-c", code, str(project.directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        firmware = int(host.stdout.readline())
        assert not gone(firmware)
        host.kill()
    deadline = time.monotonic() + PATIENCE
    while not gone(firmware):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_call_that_is_interrupted_leaves_no_wrong_answer(project: Project) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    with connect(project, pace=Pace(grace=0.05, margin=1e-9)) as device:
        model = device.model()
        with pytest.raises(DeviceError):
            model.time(number=100_000)
        device.session.pace = Pace()
        check(model.run(inputs[1]), expected[1])


def test_a_board_with_another_projects_firmware_is_recognized(
    project: Project, other: Project, tmp_path: Path
) -> None:
    mixed = tmp_path / "mixed"
    shutil.copytree(other.directory, mixed)
    shutil.copy(project.directory / "project.json", mixed)
    before = children()
    with pytest.raises(DeviceError, match="another project's") as error:
        connect(mixed)
    assert "found: shapes for board host" in str(error.value)
    assert "this project: foo for board host" in str(error.value)
    assert children() <= before


def children() -> set[str]:
    """Processes that this one has started; other tests' servers may be among them."""
    found = Path("/proc/self/task").glob("*/children")
    return {pid for path in found for pid in path.read_text().split()}


def test_a_firmware_says_what_it_holds(project: Project) -> None:
    with connect(project) as device:
        info = device.info()
    assert (info.board, info.models) == ("host", ("foo",))
    assert project.rpc is not None
    assert info.packet_bytes == project.rpc.packet_bytes
    assert info.tensor_heap_bytes == project.rpc.tensor_heap_bytes


def test_a_c_project_is_refused_with_the_way_to_another(make_project: MakeProject) -> None:
    project = make_project("foo_c")
    with pytest.raises(ProjectError, match="entry point c") as error:
        connect(project)
    assert "--model-entrypoint-api packed" in error.value.hint


def test_a_packet_buffer_without_room_for_a_copy_is_refused(make_project: MakeProject) -> None:
    with pytest.raises(UsageError, match="rpc_packet_bytes is 64"):
        make_project("foo_packed", model_entrypoint_api="packed", rpc_packet_bytes=64)


@pytest.mark.parametrize(
    ON_BOARDS,
    on_boards(
        [
            ("host", "foo_packed"),
            ("mps2_an386", "foo_packed"),
            ("mps2_an386", "foo_packed", "standalone_crt"),
        ]
    ),
    indirect=["runtime"],
)
def test_the_smallest_packet_buffer_works(
    make_project: MakeProject, name: str, board: str, runtime: str
) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    project = built(make_project, name, board=board, runtime=runtime, rpc_packet_bytes=256)
    with connect(project) as device:
        assert device.info().packet_bytes == 256
        check(device.model().run(inputs[0]), expected[0])


def test_memory_that_the_heap_lacks_is_told_with_what_is_free(project: Project) -> None:
    with connect(project) as device:
        with pytest.raises(RemoteError, match=r"HEAP: .*\d+.*\d+"):
            device.allocate((1 << 29,), "int64")
        tensor = device.allocate((1000,), "int8")
        device.copy_to(tensor, bytes(1000))
        assert device.copy_from(tensor) == bytes(1000)
