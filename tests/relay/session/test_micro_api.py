"""`tvm.micro` in Python on projects of ours: executors, tensors, times, and sessions that end."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.resources import template_dir
from tests.conftest import RUNTIMES
from tests.processes import alive_after, descendants, my_descendants
from tests.relay.conftest import make_model

tvm = pytest.importorskip("tvm")
pytestmark = pytest.mark.tvm

SESSIONS = 100
HEAP_BYTES = 32768  # of the device, for tensors
BOARDS = ["host", pytest.param("mps2_an386", marks=pytest.mark.qemu)]
SERVERS = [
    pytest.param(
        (board, runtime),
        id=f"{board}-{runtime}",
        marks=pytest.mark.qemu if board != "host" else (),
    )
    for runtime in RUNTIMES
    for board in ("host", "mps2_an386")
]


def micro() -> Any:
    from microtvm_boards.tvm import enable_micro

    enable_micro()
    return tvm.micro


@dataclass(frozen=True)
class Built:
    """The model compiled for one executor, and its project on one board."""

    directory: Path
    factory: Any

    def open(self) -> Any:
        return micro().GeneratedProject.from_directory(self.directory, {})

    def session(self) -> Any:
        return micro().Session(self.open().transport())


@dataclass(frozen=True)
class Sample:
    x: np.ndarray
    outputs: list[np.ndarray]


@pytest.fixture(scope="module")
def sample() -> Sample:
    from microtvm_boards.tvm import reference_outputs

    x = np.random.default_rng(1).integers(-128, 128, (1, 6, 6, 2), "int8")
    return Sample(x, reference_outputs(*make_model(), {"x": x}))


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Built]:
    folder = tmp_path_factory.mktemp("projects")

    @cache
    def compile_for(executor: Any) -> Any:
        from microtvm_boards.tvm import build_module

        return build_module(*make_model(), executor=executor, system_lib=True)

    @cache
    def build(executor: str, board: str, runtime: str) -> Built:
        directory, factory = folder / f"{executor}-{board}-{runtime}", compile_for(executor)
        options = {"board": board, "runtime": runtime, "tensor_heap_bytes": str(HEAP_BYTES)}
        project = micro().generate_project(template_dir(), factory, directory, options)
        project.build()
        project.flash()
        return Built(directory, factory)

    return build


@pytest.fixture(scope="module", params=BOARDS)
def aot(request: pytest.FixtureRequest, build: Callable[..., Built]) -> Built:
    return build("aot", request.param, "own")


@pytest.fixture(scope="module", params=BOARDS)
def graph(request: pytest.FixtureRequest, build: Callable[..., Built]) -> Built:
    return build("graph", request.param, "own")


def server(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A board, and whose RPC server its firmware has; from the parameters SERVERS."""
    board, runtime = request.param
    if runtime == "standalone_crt":
        request.getfixturevalue("standalone_crt")
    return board, runtime


@pytest.fixture(scope="module", params=SERVERS)
def any_aot(request: pytest.FixtureRequest, build: Callable[..., Built]) -> Built:
    return build("aot", *server(request))


@pytest.fixture(scope="module", params=SERVERS)
def any_graph(request: pytest.FixtureRequest, build: Callable[..., Built]) -> Built:
    return build("graph", *server(request))


@pytest.fixture(scope="module")
def host(build: Callable[..., Built]) -> Built:
    return build("aot", "host", "own")


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    before = my_descendants()
    yield
    gc.collect()  # TVM ends a project's server when nobody has the project any more
    assert not alive_after(my_descendants() - before)


def check(session: Any, sample: Sample) -> None:
    executor = micro().create_local_aot_executor(session)
    executor.set_input("x", tvm.nd.array(sample.x, session.device))
    executor.run()
    assert executor.get_num_outputs() == len(sample.outputs)
    for number, want in enumerate(sample.outputs):
        np.testing.assert_array_equal(executor.get_output(number).numpy(), want)


def test_the_aot_executor_answers_as_tvm_does(any_aot: Built, sample: Sample) -> None:
    with any_aot.session() as session:
        check(session, sample)


def test_the_aot_executor_tells_its_inputs(any_aot: Built) -> None:
    with any_aot.session() as session:
        executor = micro().create_local_aot_executor(session)
        assert executor.get_num_inputs() == 1
        assert executor.get_input_index("x") == 0
        shapes, dtypes = executor.get_input_info()
        assert (tuple(shapes["x"]), dtypes["x"]) == ((1, 6, 6, 2), "int8")


# TVM's own server ends at it (v0.16).
def test_an_input_that_is_not_there_has_no_index(aot: Built) -> None:
    with aot.session() as session:
        assert micro().create_local_aot_executor(session).get_input_index("y") == -1


def test_the_graph_executor_answers_as_tvm_does(any_graph: Built, sample: Sample) -> None:
    with any_graph.session() as session:
        executor = micro().create_local_graph_executor(
            any_graph.factory.get_graph_json(), session.get_system_lib(), session.device
        )
        executor.set_input("x", sample.x, **any_graph.factory.get_params())
        executor.run()
        for number, want in enumerate(sample.outputs):
            np.testing.assert_array_equal(executor.get_output(number).numpy(), want)


def test_the_debug_executor_times_each_operator(tmp_path: Path, graph: Built) -> None:
    with graph.session() as session:
        executor = micro().create_local_debug_executor(
            graph.factory.get_graph_json(), session.get_system_lib(), session.device, tmp_path
        )
        executor.set_input(**graph.factory.get_params())
        executor.run()
        times = executor.debug_datum.get_debug_result()
    assert "conv2d" in times


def test_time_evaluator_gives_one_time_a_repeat(any_aot: Built) -> None:
    with any_aot.session() as session:
        executor = session.create_aot_executor()
        times = executor.time_evaluator("run", session.device, number=3, repeat=4)().results
    assert len(times) == 4
    assert all(0 < seconds < 10 for seconds in times)


@pytest.mark.parametrize("count", [1, 2000, 5000])
def test_tensors_come_back_as_they_went(any_aot: Built, count: int) -> None:
    data = np.random.default_rng(count).integers(0, 256, count, "uint8")
    data[: count // 2] = 0xFF  # which the wire escapes
    with any_aot.session() as session:
        tensor = tvm.nd.array(data, session.device)
        np.testing.assert_array_equal(tensor.numpy(), data)


def test_a_tensor_that_does_not_fit_is_the_devices_error(host: Built, sample: Sample) -> None:
    with host.session() as session:
        with pytest.raises(tvm.error.RPCError, match=f"asked for {HEAP_BYTES + 1} B; .* are free"):
            tvm.nd.empty((HEAP_BYTES + 1,), "uint8", session.device)
        check(session, sample)


def test_a_project_opens_a_hundred_times(host: Built, sample: Sample) -> None:
    project = host.open()
    server = my_descendants()
    for _ in range(SESSIONS):
        with micro().Session(project.transport()) as session:
            check(session, sample)
        assert my_descendants() == server  # not even a zombie


def test_two_projects_at_once(aot: Built, host: Built, sample: Sample) -> None:
    with aot.session() as one, host.session() as other:
        for session in (one, other, one):
            check(session, sample)


class ThroughTheServer:
    """Not TVM's ProjectTransport: so the session has to use the project's API server."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def test_a_session_through_the_project_api_answers_the_same(aot: Built, sample: Sample) -> None:
    with micro().Session(ThroughTheServer(aot.open().transport())) as session:
        check(session, sample)


def test_a_server_that_is_killed_ends_the_session_and_a_new_one_starts(
    host: Built, sample: Sample
) -> None:
    before = my_descendants()
    project = host.open()
    (server,) = my_descendants() - before
    session = micro().Session(ThroughTheServer(project.transport())).__enter__()
    check(session, sample)
    os.kill(server, signal.SIGKILL)
    with pytest.raises(micro().SessionTerminatedError, match="went away"):
        session.get_system_lib()
    with pytest.raises(BrokenPipeError):  # TVM's client wants to tell the server
        session.__exit__(None, None, None)
    with host.session() as session:
        check(session, sample)


def test_firmware_that_dies_ends_the_session_and_a_new_one_starts(
    aot: Built, sample: Sample
) -> None:
    before = my_descendants()
    with aot.session() as session:
        check(session, sample)
        firmware = {pid for child in my_descendants() - before for pid in descendants(child)}
        assert len(firmware) == 1
        os.kill(firmware.pop(), signal.SIGKILL)
        with pytest.raises(micro().SessionTerminatedError, match=r"went away.*SIGKILL"):
            session.get_system_lib()
    with aot.session() as session:
        check(session, sample)


IN_A_SESSION = """
import sys
from microtvm_boards.tvm import enable_micro
enable_micro()
import tvm.micro
project = tvm.micro.GeneratedProject.from_directory(sys.argv[1], {})
session = tvm.micro.Session(project.transport()).__enter__()
print("open", flush=True)
sys.stdin.read()
"""


def test_a_host_that_is_killed_takes_the_emulator_along(aot: Built) -> None:
    host = subprocess.Popen(
        [sys.executable, "-c", IN_A_SESSION, aot.directory],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with host:
        assert host.stdout is not None and host.stdout.readline() == b"open\n"
        below = descendants(host.pid)
        assert len(below) == 3  # the project's server, the bridge, the firmware or its emulator
        host.kill()
    assert not alive_after(below)


def test_a_project_that_is_not_built_says_so(host: Built, tmp_path: Path) -> None:
    from microtvm_boards.errors import ProjectError

    project = micro().generate_project(
        template_dir(), host.factory, tmp_path / "project", {"board": "host"}
    )
    with pytest.raises(ProjectError, match="is not built"), micro().Session(project.transport()):
        pass
