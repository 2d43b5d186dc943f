"""The client drives the real firmware, on host and emulated M4, and gets TVM's own answers."""

from __future__ import annotations

import os
import platform as machine
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.device import connect
from microtvm_boards.errors import DeviceError, ProjectError, TransportClosedError, UsageError
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from microtvm_boards.rpc import (
    Device,
    Pace,
    RemoteError,
    SessionClosedError,
    SessionTimeoutError,
)
from microtvm_boards.transports.child_transport import ChildTransport
from tests.conftest import DATA, DIGITS, RUNTIMES
from tests.end_to_end.firmware import Arrays, need_tools, read_family

MakeProject = Callable[..., Project]
BOARDS = ["host", pytest.param("mps2_an386", marks=pytest.mark.qemu)]
# Every kind of export on the host; on the emulated board one of each executor and interface. TVM's
# own server needs packed functions and their registry.
INTEGER = [
    ("host", "foo_c"),
    ("host", "foo_c_nousmp"),
    ("host", "foo_packed"),
    ("host", "foo_pu"),
    ("host", "foo_graph"),
    ("host", "foo_graphlp"),
    ("host", "shapes_packed"),
    ("host", "shapes_graph"),
    ("host", "keywords_c"),
    ("host", "pools_c"),
    ("mps2_an386", "foo_c"),
    ("mps2_an386", "foo_packed"),
    ("mps2_an386", "shapes_c"),
    ("mps2_an386", "keywords_graph"),
    ("mps2_an386", "pools_constants_c"),
    ("host", "foo_packed", "standalone_crt"),
    ("host", "foo_graph", "standalone_crt"),
    ("host", "foo_graphlp", "standalone_crt"),
    ("host", "shapes_packed", "standalone_crt"),
    ("mps2_an386", "foo_packed", "standalone_crt"),
    ("mps2_an386", "foo_graph", "standalone_crt"),
    ("mps2_an386", "keywords_packed", "standalone_crt"),
]
ON_BOARDS = ("board", "name", "runtime")


def on_boards(cases: list[tuple[str, ...]]) -> list[Any]:
    """Parameters ON_BOARDS, marked where they need QEMU; the runtime is ours unless named."""
    qemu = pytest.mark.qemu
    return [
        pytest.param(*(*c, "own")[:3], marks=() if c[0] == "host" else qemu, id="-".join(c))
        for c in cases
    ]


def built(make_project: MakeProject, mlf: str | Path, **options: object) -> Project:
    project = make_project(mlf, model_entrypoint_api="packed", **options)
    need_tools(project)
    get_platform(project.platform).build(project)
    return project


def check(outputs: Arrays, expected: Arrays, exact: bool = True) -> None:
    # Names of outputs differ between kinds of export; their order doesn't.
    assert len(outputs) == len(expected)
    for got, want in zip(outputs.values(), expected.values(), strict=True):
        if exact:
            np.testing.assert_array_equal(got.reshape(want.shape), want)
        else:
            np.testing.assert_allclose(got.reshape(want.shape), want, rtol=1e-5, atol=1e-6)


def family(name: str) -> str:
    return "foo" if name.startswith("pools") else name.split("_")[0]


@pytest.mark.parametrize(ON_BOARDS, on_boards(INTEGER), indirect=["runtime"])
def test_integer_models_are_exact(
    make_project: MakeProject, name: str, board: str, runtime: str
) -> None:
    inputs, expected = read_family(DATA / f"{family(name)}.npz")
    project = built(make_project, name, board=board, runtime=runtime, warning_as_error=True)
    with connect(project) as device:
        for sample, want in zip(inputs, expected, strict=True):
            check(device.model().run(sample), want)


@pytest.mark.parametrize(
    ON_BOARDS,
    on_boards(
        [
            ("host", "float_packed"),
            ("mps2_an386", "float_c"),
            ("mps2_an386", "float_graph"),
            ("mps2_an386", "float_packed", "standalone_crt"),
        ]
    ),
    indirect=["runtime"],
)
def test_float_models_agree(make_project: MakeProject, name: str, board: str, runtime: str) -> None:
    inputs, expected = read_family(DATA / "float.npz")
    with connect(built(make_project, name, board=board, runtime=runtime)) as device:
        for sample, want in zip(inputs, expected, strict=True):
            check(device.model().run(sample), want, exact=False)


@pytest.mark.parametrize(
    ON_BOARDS,
    # TVM's own server has one executor.
    on_boards([("host", "two_modules_c"), ("mps2_an386", "two_modules_pools_c")]),
    indirect=["runtime"],
)
def test_two_models_of_one_firmware_run_in_turn(
    make_project: MakeProject, name: str, board: str, runtime: str
) -> None:
    inputs, expected = read_family(DATA / "two_modules.npz")
    project = built(make_project, name, board=board, runtime=runtime)
    assert len(project.models) == 2
    with connect(project) as device:
        for sample, want in zip(inputs, expected, strict=True):
            for model, word in zip(project.models, ["first", "second"], strict=True):
                mine = {k: v for k, v in sample.items() if k.startswith(word)}
                outputs = device.model(model.name).run(mine)
                check(outputs, {k: v for k, v in want.items() if k.startswith(word)})


@pytest.mark.parametrize(
    ("name", "runtime"),
    [("objects_x86", "own"), ("objects_graph_x86", "own"), ("objects_graph_x86", "standalone_crt")],
    indirect=["runtime"],
)
@pytest.mark.skipif(machine.machine() != "x86_64", reason="the objects are for x86-64")
def test_kernels_from_llvm_run(make_project: MakeProject, name: str, runtime: str) -> None:
    samples = "foo" if name == "objects_x86" else "keywords"
    inputs, expected = read_family(DATA / f"{samples}.npz")
    with connect(built(make_project, name, runtime=runtime)) as device:
        for sample, want in zip(inputs, expected, strict=True):
            check(device.model().run(sample), want)


@pytest.mark.parametrize(
    ON_BOARDS,
    on_boards(
        [
            ("host", "graph"),
            ("mps2_an386", "c"),
            ("mps2_an386", "packed"),
            ("mps2_an386", "packed", "standalone_crt"),
        ]
    ),
    indirect=["runtime"],
)
def test_the_digits_are_the_references(
    make_project: MakeProject, name: str, board: str, runtime: str
) -> None:
    with np.load(DIGITS / "test_images.npz") as archive:
        images, reference = archive["image"][:20], archive["reference"][:20]
    project = built(make_project, DIGITS / f"digits_{name}.tar", board=board, runtime=runtime)
    with connect(project) as device:
        answers = [next(iter(device.model().run({"image": i}).values())) for i in images]
    np.testing.assert_array_equal(np.stack(answers), reference)


@pytest.mark.parametrize(
    ON_BOARDS,
    on_boards(
        [
            ("host", "foo_packed"),
            ("mps2_an386", "foo_packed"),
            ("host", "foo_graph", "standalone_crt"),
            ("mps2_an386", "foo_packed", "standalone_crt"),
        ]
    ),
    indirect=["runtime"],
)
def test_a_model_is_timed_by_the_boards_clock(
    make_project: MakeProject, name: str, board: str, runtime: str
) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    with connect(built(make_project, name, board=board, runtime=runtime)) as device:
        model = device.model()
        seconds = model.time(number=3, repeat=4, inputs=inputs[0])
        assert len(seconds) == 4 and all(0 < s < 10 for s in seconds)
        outputs, once = model.run_timed(inputs[1])
        check(outputs, expected[1])
        assert 0 < once < 10


@pytest.fixture(scope="module", params=RUNTIMES)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Model foo for this computer, built. Not to be changed."""
    if request.param == "standalone_crt":
        request.getfixturevalue("standalone_crt")
    return built_once(tmp_path_factory, "foo_packed", runtime=request.param)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return built_once(tmp_path_factory, "shapes_packed")


def built_once(factory: pytest.TempPathFactory, mlf: str, **options: object) -> Project:
    from microtvm_boards.project import create, parse_options

    raw = {"board": "host", "model_entrypoint_api": "packed", **options}
    parsed = parse_options(raw, "generate_project")
    project = create(DATA / f"{mlf}.tar", factory.mktemp(mlf) / "project", parsed)
    need_tools(project)
    get_platform(project.platform).build(project)
    return project


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
        assert time.monotonic() - began < 5
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
        assert time.monotonic() - began < 10
        device.close()
        device.open()
        device.session.pace = Pace()
        check(model.run(inputs[0]), expected[0])


@pytest.mark.parametrize("board", BOARDS)
def test_when_this_side_is_killed_no_firmware_stays(make_project: MakeProject, board: str) -> None:
    code = (
        "import sys, time\n"
        "from microtvm_boards.device import connect\n"
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
    deadline = time.monotonic() + 2
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
    with pytest.raises(DeviceError, match="another project's") as error:
        connect(mixed)
    assert "found: shapes for board host" in str(error.value)
    assert "this project: foo for board host" in str(error.value)
    assert gone_children()


def gone_children() -> bool:
    """Whether no child of this process is left."""
    children = Path("/proc/self/task").glob("*/children")
    return not any(path.read_text().split() for path in children)


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
