"""TVM's own client on our server: what arrives in Python, and how errors read there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from microtvm_boards.errors import BuildError, ModelError
from microtvm_boards.resources import template_dir
from microtvm_boards.server.failures import to_rpc_error
from microtvm_boards.tvm import enable_micro
from tests.conftest import DATA
from tests.server.api_process import PATIENCE
from tests.server.test_failures import as_tvm_prints

pytestmark = pytest.mark.tvm

EchoProject = Callable[..., Path]


@pytest.fixture(scope="module")
def micro() -> SimpleNamespace:
    """The parts of tvm.micro that talk to servers."""
    pytest.importorskip("tvm")
    enable_micro()
    from tvm.micro import project
    from tvm.micro.project_api import client, server

    return SimpleNamespace(client=client, project=project, server=server)


@pytest.fixture
def connect(micro: SimpleNamespace) -> Iterator[Callable[[Path], Any]]:
    """`connect(directory)`: TVM's client of a server there; shut down after the test."""
    clients: list[Any] = []

    def instantiate(directory: Path) -> Any:
        clients.append(micro.client.instantiate_from_dir(directory))
        return clients[-1]

    yield instantiate
    for client in clients:
        client.shutdown()


def read_until(transport: Any, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        received += transport.read(64, PATIENCE)
    return received


def test_tvm_accepts_the_template(micro: SimpleNamespace) -> None:
    info = micro.project.TemplateProject.from_directory(template_dir()).info()
    assert info["is_template"] is True
    assert info["platform_name"] == "microtvm-boards"


def test_tvm_knows_a_project_from_a_template(micro: SimpleNamespace, host_project: Path) -> None:
    with pytest.raises(micro.project.NotATemplateProjectError):
        micro.project.TemplateProject.from_directory(host_project)
    with pytest.raises(micro.project.TemplateProjectError):
        micro.project.GeneratedProject.from_directory(template_dir(), {})
    project = micro.project.GeneratedProject.from_directory(host_project, {})
    assert project.info()["model_library_format_path"] == str(host_project / "model.tar")


def test_tvm_generates_builds_flashes_and_reads(micro: SimpleNamespace, tmp_path: Path) -> None:
    project = micro.project.generate_project_from_mlf(
        template_dir(),
        tmp_path / "project",
        DATA / "foo_c.tar",
        {"board": "host", "model_entrypoint_api": "c"},
    )
    project.build()
    project.flash()
    with project.transport() as transport:
        assert transport.timeouts().session_start_timeout_sec > 0
        assert read_until(transport, b"\n").startswith(b"mtvm 1 models=1")
        transport.write(b"i\n", 10)
        assert b"tensor 0 in 0 zeta int8" in read_until(transport, b"done\n")


def test_every_byte_passes_through_tvms_transport(
    micro: SimpleNamespace, echo_project: EchoProject
) -> None:
    with micro.project.GeneratedProject.from_directory(echo_project(), {}).transport() as echo:
        data = bytes(range(256)) * 3
        echo.write(data, 10)
        assert echo.read(len(data), None) == data


def test_a_time_out_and_an_end_are_tvms_own_exceptions(
    micro: SimpleNamespace, connect: Callable[[Path], Any], echo_project: EchoProject
) -> None:
    client = connect(echo_project("import os, sys\nos.read(0, 1)\nsys.exit('out of stack')"))
    client.open_transport({})
    with pytest.raises(micro.server.IoTimeoutError, match=r"sent nothing within 0\.05 s"):
        client.read_transport(1, 0.05)
    client.write_transport(b"x", 10)
    with pytest.raises(micro.server.TransportClosedError, match="out of stack"):
        client.read_transport(1, 10)
    client.close_transport()
    with pytest.raises(micro.server.TransportClosedError, match="open_transport first"):
        client.read_transport(1, 10)


def test_a_mistake_of_the_user_reads_as_our_message(
    micro: SimpleNamespace, connect: Callable[[Path], Any]
) -> None:
    with pytest.raises(micro.server.ServerError) as caught:
        connect(template_dir()).generate_project(
            str(DATA / "foo_c.tar"), "", "/nowhere/project", {"board": "hots"}
        )
    first, *rest = str(caught.value).splitlines()
    assert first.startswith("calling method generate_project: JSON-RPC error # -32000: There is no")
    assert 'Did you mean "host"' in first
    assert len(rest) == 1
    assert rest[0].startswith("Try: ")
    assert rest[0].endswith("microtvm-boards boards list")  # before it west, where Zephyr is


def test_a_wrong_parameter_reads_as_our_message(
    micro: SimpleNamespace, connect: Callable[[Path], Any]
) -> None:
    with pytest.raises(micro.server.JSONRPCError, match='"n" is a whole number'):
        connect(template_dir()).read_transport("many", 1)


@pytest.mark.parametrize(
    "error",
    [
        ModelError("No model."),
        BuildError("main.c:1: no.", details=["a", "b"], hint="c", log=Path("/build.log")),
        KeyError("a defect"),
    ],
)
def test_our_idea_of_what_tvm_prints_is_right(micro: SimpleNamespace, error: Exception) -> None:
    sent = to_rpc_error(error, "build")
    received = micro.server.JSONRPCError.from_json(
        "calling method build", {"code": sent.code, "message": sent.message, "data": sent.data}
    )
    assert str(received) == as_tvm_prints(sent, "build")
