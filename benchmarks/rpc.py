"""Round trips and bytes per second of a `packed` firmware, by client and line.

    python benchmarks/rpc.py [--quick] [--json]

Clients: `ours` (microtvm_boards.rpc), `tvm.micro` (with our session, where there is TVM). Lines:
pipe         the host's firmware on pipes, as project.transport() gives it
pty          the same on a pty, without anything between
115200, ...  a pty that passes 10 bits a byte at that rate, each way; packets as on a board with
             256 KiB of RAM (2048 bytes) and on a larger one (4096)
qemu         mps2_an386 in QEMU, where that is installed
api          the pipe behind the Project API's server (tvm.micro only)

up and down are kB/s of a tensor's data, `share` what part of the line's rate that is.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from microtvm_boards.errors import MicroTvmBoardsError, TransportTimeoutError
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project, create, parse_options
from microtvm_boards.rpc import Device, Pace
from microtvm_boards.rpc.codecs import classic
from microtvm_boards.transports.base import Transport

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tests.faults.line import PtyLine, PtyProcess  # noqa: E402  (not installed)

MODEL = ROOT / "examples" / "digits" / "digits_c.tar"
BAUDS = {115200: 2048, 921600: 4096}  # and bytes of a packet
BIG, SMALL = 1 << 18, 1 << 13  # bytes of a tensor, on a fast and on a slow line
BLOCK = "tvm.rpc.server.GetCRTMaxPacketSize"  # a function that does next to nothing


@dataclass(frozen=True)
class Row:
    client: str
    line: str
    round_trips_per_s: float
    up_kb_per_s: float
    down_kb_per_s: float
    up_share: float | None  # of the line's rate
    down_share: float | None


class Client(Protocol):
    def ping(self) -> None: ...
    def up(self, data: bytes) -> None: ...
    def down(self) -> bytes: ...


class Ours:
    def __init__(self, device: Device, size: int) -> None:
        self._device = device
        self._tensor = device.allocate((size,), "uint8")

    def ping(self) -> None:
        self._device.call(BLOCK)

    def up(self, data: bytes) -> None:
        self._device.copy_to(self._tensor, data)

    def down(self) -> bytes:
        return self._device.copy_from(self._tensor)


@contextmanager
def ours(transport: Transport, size: int) -> Iterator[Client]:
    device = Device(transport, classic, pace=Pace())
    device.open()
    with device:
        yield Ours(device, size)


class Micro:
    def __init__(self, session: Any, size: int) -> None:
        import tvm

        self._numpy = importlib.import_module("numpy")
        self._function = session._rpc.get_function(BLOCK)
        self._array = tvm.nd.empty((size,), "uint8", session.device)

    def ping(self) -> None:
        self._function()

    def up(self, data: bytes) -> None:
        self._array.copyfrom(self._numpy.frombuffer(data, "uint8"))

    def down(self) -> bytes:
        found: bytes = self._array.numpy().tobytes()
        return found


@contextmanager
def micro(transport: Any, size: int) -> Iterator[Client]:
    import tvm

    with tvm.micro.Session(transport) as session:
        yield Micro(session, size)


def micro_transport(transport: Transport) -> Any:
    """A transport of ours as one that tvm.micro takes."""
    import tvm

    base = tvm.micro.transport
    timed_out = tvm.micro.project_api.server.IoTimeoutError

    class Line(base.Transport):  # type: ignore[misc,name-defined]
        def timeouts(self) -> Any:
            return base.TransportTimeouts(2.0, 20.0, 20.0)

        def open(self) -> None:
            transport.open()

        def close(self) -> None:
            transport.close()

        def read(self, n: int, timeout_sec: float) -> bytes:
            try:
                return transport.read(n, timeout_sec)
            except TransportTimeoutError as error:
                raise timed_out() from error

        def write(self, data: bytes, timeout_sec: float) -> None:
            transport.write(data, timeout_sec)

    return Line()


def micro_project(project: Project) -> Any:
    import tvm

    return tvm.micro.GeneratedProject.from_directory(project.directory, {}).transport()


def through_api(project: Project) -> Any:
    """The same project through the Project API: a launcher says that the server may be remote."""
    directory = project.directory.with_name(project.directory.name + "_api")
    shutil.copytree(project.directory, directory)
    launcher = directory / "launch_microtvm_api_server.sh"
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    launcher.chmod(0o755)
    return micro_project(Project.open(directory))


def rate(work: Callable[[], object], seconds: float) -> float:
    """How often a second."""
    work()
    count = 0
    began = time.perf_counter()
    while True:
        work()
        count += 1
        spent = time.perf_counter() - began
        if spent >= seconds:
            return count / spent


def measure(name: str, line: str, client: Client, size: int, baud: int, seconds: float) -> Row:
    data = random.Random(0).randbytes(size)
    pings = rate(client.ping, seconds)
    up = rate(lambda: client.up(data), seconds) * size
    down = rate(client.down, seconds) * size
    if client.down() != data:
        raise SystemExit(f"{name} over {line}: other bytes came back than were sent")
    return Row(
        name,
        line,
        round(pings, 1),
        round(up / 1000, 2),
        round(down / 1000, 2),
        round(up / (baud / 10), 3) if baud else None,
        round(down / (baud / 10), 3) if baud else None,
    )


def build(directory: Path, board: str, **options: object) -> Project:
    raw = {"board": board, "model_entrypoint_api": "packed", **options}
    project = create(MODEL, directory, parse_options(raw, "generate_project"))
    get_platform(project.platform).build(project)
    return project


def has_micro() -> bool:
    if importlib.util.find_spec("tvm") is None:
        return False
    try:
        importlib.import_module("microtvm_boards.tvm")
        importlib.import_module("tvm.micro")
    except ImportError:
        return False
    return True


def run(scratch: Path, seconds: float) -> list[Row]:
    fast = build(scratch / "fast", "host")

    # (line, bytes of the tensor, baud, makes a transport of ours, makes one of tvm.micro's)
    Make = Callable[[], Any]
    lines: list[tuple[str, int, int, Make | None, Make]] = []

    def add(line: str, size: int, baud: int, make: Make, make_micro: Make | None = None) -> None:
        lines.append((line, size, baud, make, make_micro or (lambda: micro_transport(make()))))

    def of(project: Project) -> Make:
        return lambda: get_platform(project.platform).transport(project)

    add("pipe", BIG, 0, of(fast), partial(micro_project, fast))
    lines.append(("api", BIG, 0, None, partial(through_api, fast)))
    add("pty", BIG, 0, lambda: PtyProcess([str(get_platform("host").firmware(fast))]))
    for baud, packet in BAUDS.items():
        size = SMALL if baud < 500_000 else 8 * SMALL
        board = build(scratch / str(baud), "host", rpc_packet_bytes=packet)
        command = [str(get_platform("host").firmware(board))]
        add(str(baud), size, baud, partial(PtyLine, command, baud=baud))
    if shutil.which("qemu-system-arm") and shutil.which("arm-none-eabi-gcc"):
        emulated = build(scratch / "emulated", "mps2_an386", tensor_heap_bytes=65536)
        add("qemu", 4 * SMALL, 0, of(emulated), partial(micro_project, emulated))

    rows: list[Row] = []
    with_micro = has_micro()
    for line, size, baud, make, make_micro in lines:
        clients: list[tuple[str, Any, Make]] = []
        if make is not None:
            clients.append(("ours", ours, make))
        if with_micro:
            clients.append(("tvm.micro", micro, make_micro))
        for name, session, transport in clients:
            with session(transport(), size) as client:
                rows.append(measure(name, line, client, size, baud, seconds))
    return rows


def table(rows: list[Row]) -> str:
    head = f"{'client':10} {'line':8} {'trips/s':>9} {'up kB/s':>9} {'down kB/s':>9} {'share':>12}"
    lines = [head]
    for row in rows:
        share = ""
        if row.up_share is not None and row.down_share is not None:
            share = f"{row.up_share:.1%} {row.down_share:.1%}"
        lines.append(
            f"{row.client:10} {row.line:8} {row.round_trips_per_s:9.1f} {row.up_kb_per_s:9.2f} "
            f"{row.down_kb_per_s:9.2f} {share:>12}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="within a minute")
    parser.add_argument("--json", action="store_true", help="JSON alone")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            rows = run(Path(folder), 0.7 if arguments.quick else 4.0)
    except MicroTvmBoardsError as error:
        raise SystemExit(str(error)) from None
    if not arguments.json:
        print(table(rows))
    print(json.dumps([asdict(row) for row in rows]))


if __name__ == "__main__":
    main()
