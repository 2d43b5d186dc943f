"""A board on a serial port: QEMU runs the real firmware behind a pty, which is opened as a port."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.doctor import State, look_at_project
from microtvm_boards.errors import TransportClosedError, TransportError
from microtvm_boards.harness import Harness
from microtvm_boards.platforms import get_platform, transport_to
from microtvm_boards.project import Project
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.run import connect
from tests.conftest import DIGITS, PATIENCE

pytestmark = pytest.mark.qemu
BOARD = "mps2_an386"


@pytest.fixture
def plug_in(tmp_path: Path) -> Iterator[Callable[[Project], tuple[str, subprocess.Popen[bytes]]]]:
    """`plug_in(project)`: the board runs the project's firmware; its port, and the machine."""
    machines: list[subprocess.Popen[bytes]] = []

    def start(project: Project) -> tuple[str, subprocess.Popen[bytes]]:
        firmware = get_platform(project.platform).firmware(project)
        said = tmp_path / f"qemu{len(machines)}.txt"
        command = ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none"]
        command += ["-serial", "pty", "-kernel", str(firmware)]
        with said.open("wb") as file:
            machines.append(subprocess.Popen(command, stdout=file, stderr=file))
        deadline = time.monotonic() + PATIENCE
        while not (port := re.search(r"/dev/pts/\d+", said.read_text())):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return port[0], machines[-1]

    yield start
    for machine in machines:
        machine.kill()
        machine.wait()


def built(make_project: Callable[..., Project], api: str) -> Project:
    project = make_project(DIGITS / f"digits_{api}.tar", board=BOARD, model_entrypoint_api=api)
    get_platform(project.platform).build(project)
    return project


@pytest.fixture(scope="module")
def images() -> tuple[np.ndarray, np.ndarray]:
    """Ten images, and the outputs that TVM computes of them."""
    with np.load(DIGITS / "test_images.npz") as archive:
        return archive["image"][:10], archive["reference"][:10]


def test_python_drives_the_model_over_the_port_and_again_from_the_transcript(
    make_project: Callable[..., Project],
    plug_in: Callable[[Project], tuple[str, subprocess.Popen[bytes]]],
    images: tuple[np.ndarray, np.ndarray],
    tmp_path: Path,
) -> None:
    project = built(make_project, "packed")
    port, machine = plug_in(project)
    transcript = str(tmp_path / "session.jsonl")

    def outputs(**where: str) -> list[np.ndarray]:
        with connect(project, **where) as device:  # type: ignore[arg-type]
            model = device.model()
            return [next(iter(model.run({"image": image}).values())) for image in images[0]]

    first = outputs(port=port, transcript=transcript)
    assert np.array_equal(first, images[1])
    assert np.array_equal(outputs(port=port), images[1]), "a second session on the same port"
    machine.kill()
    machine.wait()
    assert np.array_equal(outputs(replay=transcript), images[1]), "without the board"


def test_the_harness_and_the_doctor_talk_over_the_port(
    make_project: Callable[..., Project],
    plug_in: Callable[[Project], tuple[str, subprocess.Popen[bytes]]],
    images: tuple[np.ndarray, np.ndarray],
) -> None:
    project = built(make_project, "c")
    port, machine = plug_in(project)
    device = DeviceOptions(port=port)
    with transport_to(project, device) as transport:
        harness = Harness(project, transport)
        harness.start()
        for image, reference in zip(*images, strict=True):
            assert np.array_equal(harness.run({"image": image}).outputs["logits"], reference)
    findings = list(look_at_project(project, device))
    assert findings[1].found == f"{BOARD} on {port} can be opened"
    assert {finding.state for finding in findings} == {State.OK}
    with transport_to(project, device) as transport:
        machine.kill()
        machine.wait()
        with pytest.raises(TransportClosedError, match="is gone: it was unplugged"):
            while True:
                transport.read(100, 5.0)
    *_, last = look_at_project(project, device)
    assert (last.subject, last.state) == ("port", State.PROBLEM)
    assert last.found == f"There is no port {port}."


def test_a_board_without_an_emulator_is_looked_for_on_the_ports(
    make_project: Callable[..., Project],
) -> None:
    project = built(make_project, "c")
    real = replace(project, board=replace(project.board, emulator=None))
    with pytest.raises(TransportError, match="doesn't say which USB id its serial port has"):
        get_platform("baremetal").transport(real)
