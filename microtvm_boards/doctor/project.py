"""A project's board: is its port there, does it answer, is it this project, and how fast."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

from microtvm_boards.doctor.finding import Finding, State, problem
from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.platforms import get_platform, transport_to
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project

AREA = "Project"
CALLS = 20
_ECHO_BYTES = (0x00, 0x7D, 0x7E, 0xFD, 0xFE, 0xFF)  # what a line or a frame could take for its own


def look_at_project(project: Project, device: DeviceOptions) -> Iterator[Finding]:
    """One finding after the other, up to the first problem: what follows needs what comes before.

    Firmware that runs on an emulator or this computer is started and ended.
    """
    try:
        firmware = get_platform(project.platform).firmware(project)
    except MicroTvmBoardsError as error:
        yield problem(AREA, "build", error)
        return
    yield Finding(AREA, "build", State.OK, f"the last good firmware is {firmware}")
    try:
        transport = transport_to(project, replace(device, fast_baud=None))
        with transport:
            yield Finding(AREA, "port", State.OK, f"{_name(transport)} can be opened")
    except MicroTvmBoardsError as error:
        yield problem(AREA, "port", error)
        return
    try:
        yield from (
            _packed(project, device) if project.entrypoint == "packed" else _c(project, device)
        )
    except MicroTvmBoardsError as error:
        yield problem(AREA, "answer", error)


def _packed(project: Project, device: DeviceOptions) -> Iterator[Finding]:
    from microtvm_boards.run import connect_to

    with connect_to(project, device) as connected:
        info = connected.info()
        found = f"{', '.join(info.models)} for {info.board}, library {info.model_sha256}"
        yield Finding(AREA, "identity", State.OK, f"it is this project's firmware: {found}")
        tensor = connected.allocate((256,), "uint8")
        pattern = bytes(_ECHO_BYTES[i % len(_ECHO_BYTES)] ^ (i >> 4) for i in range(256))
        connected.copy_to(tensor, pattern)
        same = connected.copy_from(tensor) == pattern
        connected.release(tensor)
        yield (
            Finding(AREA, "echo", State.OK, "256 bytes came back as they were sent")
            if same
            else Finding(
                AREA,
                "echo",
                State.PROBLEM,
                "256 bytes came back changed",
                "check the cable and the baud rate",
            )
        )
        seconds = []
        for _ in range(CALLS):
            start = time.perf_counter()
            connected.info()
            seconds.append(time.perf_counter() - start)
        yield _speed("a call", seconds)


def _c(project: Project, device: DeviceOptions) -> Iterator[Finding]:
    from microtvm_boards.harness import Harness

    if project.app != "harness":
        found = f"the app {project.app} answers nothing"
        yield Finding(AREA, "answer", State.ABSENT, found, "create it with app=harness")
        return
    transport = transport_to(project, device)
    harness = Harness(project, transport, timeout=10.0)
    with transport:
        harness.start()
        found = ", ".join(model.name for model in project.models)
        yield Finding(AREA, "identity", State.OK, f"its greeting is this project's: {found}")
        seconds = []
        for _ in range(CALLS):
            start = time.perf_counter()
            tensors = harness.tensors()
            seconds.append(time.perf_counter() - start)
        found = f"it describes its {len(tensors)} tensors"
        yield Finding(AREA, "answer", State.OK, found)
        yield _speed("that", seconds)


def _speed(what: str, seconds: list[float]) -> Finding:
    middle, most = statistics.median(seconds) * 1e3, max(seconds) * 1e3
    found = f"{what} takes {middle:.1f} ms in the middle, {most:.1f} ms at most ({CALLS} calls)"
    return Finding(AREA, "time", State.OK, found)


def _name(transport: object) -> str:
    return str(getattr(transport, "name", "the transport"))
