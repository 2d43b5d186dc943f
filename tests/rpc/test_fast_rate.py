"""A higher rate for a session: firmware of ours on this computer, on a line that has rates."""

from __future__ import annotations

import logging
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.errors import TransportTimeoutError, UsageError
from microtvm_boards.platforms import get_platform, transport_to
from microtvm_boards.project import Project, create, parse_options
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.plan.parts.rpc import BAUD, FOLDER
from microtvm_boards.resources import template_project
from microtvm_boards.rpc import Device, ModelInfo, Pace, RemoteError, Seen, SessionError
from microtvm_boards.rpc.codecs import classic
from microtvm_boards.run import connect
from microtvm_boards.transports.base import Transport
from microtvm_boards.transports.process import ProcessTransport
from microtvm_boards.transports.transcript import RecordingTransport, ReplayTransport
from tests.conftest import DATA, PATIENCE
from tests.end_to_end.firmware import need_tools, read_family

pytestmark = pytest.mark.tools

SLOW, FAST = 9600, 921600
BROKEN_RATE, NO_RATE = 111111, 222222  # of rated_port.c
PACE = Pace(baud=SLOW, grace=2.0, start=10.0)
MakeProject = Callable[..., Project]


class RatedTransport(Transport):
    """To firmware with rated_port.c. `damage` gets what came at the right rate, and its rate."""

    def __init__(self, firmware: Path) -> None:
        self.inner = ProcessTransport([str(firmware)])
        self.baud = SLOW
        self.damage: Callable[[bytes, int], bytes] = lambda data, _: data
        self.can = True
        self._half = b""

    def open(self) -> None:
        self.baud, self._half = SLOW, b""
        self.inner.open()

    def close(self) -> None:
        self.inner.close()

    def set_baud(self, baud: int) -> None:
        if not self.can and baud != SLOW:
            raise UsageError(f"The port can't be set to {baud} baud.")
        self.baud = baud

    def read(self, n: int, timeout: float | None) -> bytes:
        if n == 0:
            return b""
        data = self._half + self.inner.read(n, timeout)
        self._half = data[len(data) & ~1 :]
        if len(data) < 2:
            raise TransportTimeoutError("half a byte came")
        pairs = struct.iter_unpack("BB", data[: len(data) & ~1])
        right = [(byte if at == self._mark() else (byte ^ 0xA5) & 0x7F) for at, byte in pairs]
        return self.damage(bytes(right), self.baud)

    def write(self, data: bytes, timeout: float | None) -> None:
        self.inner.write(b"".join(bytes([self._mark(), byte]) for byte in data), timeout)

    def _mark(self) -> int:
        return self.baud // 9600 & 0xFF


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    directory = tmp_path_factory.mktemp("fast_rate")
    definitions = f"-DMTVM_HAS_BAUD -DMTVM_UART_BAUD={SLOW}U"
    options = {"board": "host", "compile_definitions": definitions, "warning_as_error": True}
    made = create(
        DATA / "foo_c.tar", directory / "project", parse_options(options, "generate_project")
    )
    need_tools(made)
    shutil.copy(
        Path(__file__).with_name("rated_port.c"),
        made.directory / "src" / "port" / "host" / "port.c",
    )
    # What a platform adds whose UART can change its rate.
    for name in BAUD:
        shutil.copy(template_project() / FOLDER / name, made.directory / FOLDER / name)
    sources = " ".join(f"{FOLDER}/{name}" for name in BAUD if name.endswith(".c"))
    with (made.directory / "project.cmake").open("a") as file:
        file.write(f"list(APPEND MTVM_SOURCES {sources})\n")
    get_platform(made.platform).build(made)
    return made


@pytest.fixture
def line(project: Project) -> RatedTransport:
    return RatedTransport(get_platform(project.platform).firmware(project))


@pytest.fixture
def device(project: Project, line: RatedTransport) -> Iterator[Device]:
    """Open, at the project's rate."""
    opened = over(line, project)
    opened.open()
    with opened:
        yield opened


def over(transport: Transport, project: Project, pace: Pace = PACE) -> Device:
    models = [ModelInfo(m.name, m.inputs, m.outputs) for m in project.models]
    return Device(transport, classic, models=models, pace=pace)


def speed_up(device: Device, rate: int = FAST) -> bool:
    return device.speed_up(baud=SLOW, fast_baud=rate)


def check_model(device: Device) -> None:
    inputs, outputs = read_family(DATA / "foo.npz")
    results = device.model().run(inputs[0])
    for name, want in outputs[0].items():
        np.testing.assert_array_equal(np.asarray(results[name]).reshape(want.shape), want)


def meet_again(device: Device, line: RatedTransport, project: Project, pace: Pace = PACE) -> Device:
    """Another host at the project's rate, on the line that this one left without a word."""
    line.set_baud(SLOW)
    another = over(line, project, pace)
    another.session.start()
    another.info()
    return another


def test_a_session_goes_on_at_the_higher_rate(
    device: Device, line: RatedTransport, caplog: pytest.LogCaptureFixture
) -> None:
    generation = device.session.generation
    assert speed_up(device)
    assert line.baud == device.session.pace.baud == FAST
    assert device.session.generation == generation
    check_model(device)
    assert not caplog.records


def test_a_rate_is_negotiated_once_in_a_session(
    device: Device, line: RatedTransport, caplog: pytest.LogCaptureFixture
) -> None:
    assert speed_up(device)
    for rate in (FAST, FAST // 2):
        with pytest.raises(UsageError, match=f"The session goes at {FAST} baud already"):
            speed_up(device, rate)
    check_model(device)
    device.session.abandon()
    assert speed_up(device, FAST // 2)
    assert line.baud == device.session.pace.baud == FAST // 2
    device.session.abandon()
    check_model(device)
    assert line.baud == device.session.pace.baud == SLOW
    assert [record.getMessage() for record in caplog.records] == [
        f"The session at {rate} baud failed; the line stays at {SLOW} baud."
        for rate in (FAST, FAST // 2)
    ]


def test_a_closed_device_starts_at_the_projects_rate_again(
    device: Device, line: RatedTransport
) -> None:
    assert speed_up(device)
    device.close()
    device.open()
    assert line.baud == device.session.pace.baud == SLOW
    check_model(device)
    assert speed_up(device)


def test_the_end_of_a_session_is_the_end_of_its_rate(
    device: Device, line: RatedTransport, project: Project
) -> None:
    assert speed_up(device)
    device.session.end()
    only_one_try = Pace(baud=SLOW, grace=PATIENCE, start=PATIENCE, retry=2 * PATIENCE)
    meet_again(device, line, project, only_one_try)


def test_a_firmware_that_has_no_rate(
    make_project: MakeProject, caplog: pytest.LogCaptureFixture
) -> None:
    project = make_project("foo_c", model_entrypoint_api="packed")
    get_platform(project.platform).build(project)
    with connect(project) as device:
        generation = device.session.generation
        assert not speed_up(device)
        assert device.session.generation == generation
        check_model(device)
    assert [record.getMessage() for record in caplog.records] == [
        '921600 baud doesn\'t work: The firmware has no function "mtvm.set_baud"; '
        "the line stays at 9600 baud."
    ]


def test_the_device_refuses_a_rate_below_its_own(device: Device) -> None:
    for rate in (SLOW - 1, 0, -1, 1 << 32):
        with pytest.raises(RemoteError, match="MTVM_RPC_E_VALUE: a rate below the boot rate 9600"):
            device.call("mtvm.set_baud", rate)
    check_model(device)


@pytest.mark.parametrize("rate", [BROKEN_RATE, NO_RATE], ids=["not understood", "not possible"])
def test_a_rate_at_which_nothing_comes_through(
    device: Device, line: RatedTransport, caplog: pytest.LogCaptureFixture, rate: int
) -> None:
    assert not speed_up(device, rate)
    assert line.baud == device.session.pace.baud == SLOW
    check_model(device)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(f"{rate} baud doesn't work: ")
    assert record.getMessage().endswith("; the line stays at 9600 baud.")


def test_a_port_of_ours_that_cannot_be_so_fast(
    device: Device, line: RatedTransport, caplog: pytest.LogCaptureFixture
) -> None:
    """The device has switched by then, and comes back by itself."""
    line.can = False
    assert not speed_up(device)
    check_model(device)
    (record,) = caplog.records
    assert "The port can't be set to 921600 baud" in record.getMessage()


def test_a_transport_that_has_no_rate(
    device: Device, line: RatedTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(baud: int) -> None:
        raise UsageError("This transport is no serial line.")

    monkeypatch.setattr(line, "set_baud", refuse)
    assert not speed_up(device)
    check_model(device)


def flipped(data: bytes, baud: int) -> bytes:
    """A line that is too bad for the higher rate: one bit of what comes is wrong."""
    return data if baud == SLOW or not data else data[:-1] + bytes([data[-1] ^ 1])


def shifted(data: bytes, baud: int) -> bytes:
    return data if baud == SLOW else bytes(byte >> 1 for byte in data)


def swallowed(data: bytes, baud: int) -> bytes:
    if baud == SLOW or not data:
        return data
    raise TransportTimeoutError("nothing comes through")


@pytest.mark.parametrize(
    ("damage", "seen"),
    [(flipped, Seen.BAD_CRC), (shifted, Seen.GARBAGE), (swallowed, Seen.SILENT)],
    ids=["flips bits", "sends garbage", "falls silent"],
)
def test_a_line_that_turns_bad_is_slow_from_the_next_session_on(
    device: Device,
    line: RatedTransport,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[bytes, int], bytes],
    seen: Seen,
) -> None:
    assert speed_up(device)
    line.damage = damage
    with pytest.raises(SessionError) as caught:
        device.info()
    assert caught.value.seen is seen
    check_model(device)
    assert line.baud == device.session.pace.baud == SLOW
    check_model(device)
    device.session.abandon()
    check_model(device)
    assert [record.getMessage() for record in caplog.records] == [
        "The session at 921600 baud failed; the line stays at 9600 baud."
    ]


def test_a_line_that_is_bad_from_the_start(
    device: Device, line: RatedTransport, caplog: pytest.LogCaptureFixture
) -> None:
    line.damage = flipped
    assert not speed_up(device)
    check_model(device)
    assert len(caplog.records) == 1


def test_the_next_host_meets_a_device_that_was_left_at_the_higher_rate(
    device: Device, line: RatedTransport, project: Project
) -> None:
    assert speed_up(device)
    check_model(meet_again(device, line, project))


@pytest.mark.parametrize("count", [3, 9])
def test_the_next_host_meets_a_device_that_was_left_inside_a_frame(
    device: Device, line: RatedTransport, project: Project, count: int
) -> None:
    assert speed_up(device)
    line.write(b"\xff\xfd\x00\x01\x00\x00abc"[:count], 1.0)
    check_model(meet_again(device, line, project))


def test_a_recorded_session_replays(line: RatedTransport, project: Project, tmp_path: Path) -> None:
    path = tmp_path / "transcript"
    for transport in (lambda: RecordingTransport(line, path), lambda: ReplayTransport(path)):
        device = over(transport(), project)
        device.session.start_as(7)
        device.open()
        with device:
            assert speed_up(device)
            check_model(device)


def test_where_there_is_no_rate_to_raise(project: Project) -> None:
    with pytest.raises(UsageError, match="fast_baud is for a board on a serial port; host is"):
        connect(project, fast_baud=FAST)
    with pytest.raises(UsageError, match="fast_baud is negotiated by our own RPC client"):
        transport_to(project, DeviceOptions(fast_baud=FAST))


def test_a_rate_that_is_no_higher(make_project: MakeProject) -> None:
    project = make_project("foo_c", board="microbit", model_entrypoint_api="packed")
    with pytest.raises(UsageError, match="fast_baud is 115200; it has to be above the project's"):
        connect(project, port="/dev/ttyNONE", fast_baud=115200)
