"""TVM's own RPC server (runtime=standalone_crt) on our port: its heap, its checks, its sessions.

What it has in common with our server is in test_models.py.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from microtvm_boards.errors import UsageError
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from microtvm_boards.rpc import Device, Pace, RemoteError, Seen, SessionError
from microtvm_boards.rpc.frames import encode
from microtvm_boards.rpc.values import DeviceRef
from microtvm_boards.run import connect
from tests.conftest import DATA
from tests.end_to_end.firmware import read_family
from tests.rpc.firmware.projects import BOARDS, built, built_once, check

pytestmark = [pytest.mark.tools, pytest.mark.usefixtures("standalone_crt")]
PACKED = {"model_entrypoint_api": "packed"}
MakeProject = Callable[..., Project]
# Not for a computer under load: long enough for an answer, if there is one.
IMPATIENT = Pace(grace=1.0, first_run=3.0)


class Heap(NamedTuple):
    size: int
    free: int
    largest: int
    blocks: int
    stack: int


def heap_of(device: Device) -> Heap:
    answer = device.call("mtvm.heap_info")
    assert isinstance(answer, bytes)
    return Heap(*struct.unpack("<5I", answer))


@pytest.fixture(scope="module", params=BOARDS)
def foo(
    request: pytest.FixtureRequest, standalone_crt: Path, tmp_path_factory: pytest.TempPathFactory
) -> Project:
    """A graph, so that its operators are called one by one. Not to be changed."""
    options = {"board": request.param, "runtime": "standalone_crt"}
    return built_once(tmp_path_factory, "foo_graph", **options)


@pytest.mark.parametrize(
    ("board", "name"),
    [("host", "foo_packed"), pytest.param("mps2_an386", "foo_graph", marks=pytest.mark.qemu)],
)
def test_the_heap_is_as_planned(make_project: MakeProject, name: str, board: str) -> None:
    """Free for tensors is what project.json says; a model runs in the least that is accepted."""
    with pytest.raises(UsageError, match="of the model needs takes") as refused:
        make_project(name, board=board, runtime="standalone_crt", **PACKED, tensor_heap_bytes=8)
    least = int(str(refused.value).split("takes ")[1].split(".")[0])
    project = built(
        make_project, name, board=board, runtime="standalone_crt", tensor_heap_bytes=least
    )
    inputs, expected = read_family(DATA / "foo.npz")
    with connect(project) as device:
        assert heap_of(device).free == device.info().tensor_heap_bytes == least
        check(device.model().run(inputs[0]), expected[0])
    with pytest.raises(UsageError):
        make_project(
            name, board=board, runtime="standalone_crt", **PACKED, tensor_heap_bytes=least - 1
        )


@pytest.mark.qemu
def test_the_memory_that_was_foretold_is_what_is_linked(make_project: MakeProject) -> None:
    project = built(make_project, "foo_packed", board="mps2_an386", runtime="standalone_crt")
    needs = project.manifest.memory
    foretold = sum(need.size_bytes for need in needs if need.memory == "RAM")
    (linked,) = [
        use.used_bytes
        for use in get_platform(project.platform).memory_use(project)
        if use.memory == "RAM"
    ]
    assert 0 <= foretold - linked < 1024


def fill(device: Device) -> None:
    size = 1 << 22
    while size >= 64:
        try:
            device.allocate((size,), "int8")
        except RemoteError:
            size //= 2


def test_what_the_heap_lacks_is_refused_with_what_is_free(foo: Project) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    with connect(foo) as device:
        fill(device)
        with pytest.raises(RemoteError, match=r"HEAP: \d+ B asked for; the largest free block has"):
            device.model().run(inputs[0])
        device.session.start()
        check(device.model().run(inputs[0]), expected[0])


def test_a_check_of_tvms_that_fails_is_a_reboot_with_its_reason(foo: Project) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    with connect(foo) as device:
        model = device.model()
        check(model.run(inputs[0]), expected[0])
        fill(device)  # so that kernels get no workspace
        with pytest.raises(SessionError, match="The device rebooted while the end of") as error:
            model.run(inputs[0])
        assert error.value.seen is Seen.REBOOTED
        assert "crt_backend_api.c" in error.value.details[0]
        assert "HEAP: 1024 B asked for; the largest free block has 0" in error.value.details[1]
        check(model.run(inputs[1]), expected[1])


def create_executor(device: Device, name: str) -> object:
    return device.call("tvm.aot_executor.create", device.system_library(), DeviceRef(), name)


def test_an_executor_is_made_once_and_of_the_firmwares_model(make_project: MakeProject) -> None:
    with connect(built(make_project, "foo_packed", runtime="standalone_crt")) as device:
        with pytest.raises(RemoteError, match="MODEL: this firmware has foo"):
            create_executor(device, "bar")
        assert create_executor(device, "default")  # what tvm.micro asks for
        with pytest.raises(RemoteError, match="MODEL: this session has an executor"):
            create_executor(device, "foo")
        device.session.start()
        assert create_executor(device, "foo")


def test_a_graph_has_no_executor_on_the_device(foo: Project) -> None:
    with connect(foo) as device, pytest.raises(RemoteError, match=r"MODEL: .* is on the host"):
        create_executor(device, "foo")


DAMAGE = {
    "a wrong CRC": b"\xff\xfd\x05\0\0\0abcde\0\0",
    "a frame that breaks off": b"\xff\xfd\xff\0\0\0abc",
    "a message of an ended session": encode(b"\x12\x34\x10" + bytes(20)),
    "a message larger than the packet buffer": encode(bytes(40_000)),
    "an escape at the end": b"garbage\xff",
}


def test_what_stops_tvms_server_costs_a_session_and_no_more(foo: Project) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    with connect(foo, pace=IMPATIENT) as device:
        for damage in DAMAGE.values():
            device._transport.write(damage, 5)
            try:
                device.model().run(inputs[0])
            except SessionError as error:
                assert error.seen in (Seen.SILENT, Seen.LATE)
            check(device.model().run(inputs[1]), expected[1])
