"""`tvm.micro.Session` without TVM's C++ session: what it calls to connect, in this process.

TVM v0.16, python/tvm/micro/session.py: entering a Session opens its transport through a
TransportLogger, asks that for time-outs, and calls `_rpc_connect`. Leaving it closes the transport.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from microtvm_boards.relay.session.bridge import Bridge

if TYPE_CHECKING:
    from microtvm_boards.project.project import Project
    from microtvm_boards.rpc.deadlines import Pace
    from microtvm_boards.transports.base import Transport

_LAUNCHER = "launch_microtvm_api_server.sh"  # with it the server may be on another machine
_DUMPS = "tvm.micro.transport"  # the logger that TVM's TransportLogger writes to


@dataclass(frozen=True)
class OwnDevice:
    """The device of a project of ours, to which the bridge connects itself."""

    transport: Transport  # not open
    pace: Pace


class SessionTransport:
    """Opens and closes what the session talks through: `child`, a tvm.micro.transport.Transport.

    A device of our own is opened by the bridge, and `child` stays closed.
    """

    def __init__(self, child: Any) -> None:
        self._child = child
        self.device: OwnDevice | None = None
        self.greedy = False  # whether `read` gives what there is, and doesn't wait for all of it
        self.bridge: Bridge | None = None

    def __enter__(self) -> SessionTransport:
        with _said():
            project = _own_project(self._child)
            self.greedy = project is not None
            self.device = None if project is None else _own_device(self._child, project)
        if self.device is None:
            self._child.open()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if self.bridge is not None:
                self.bridge.end()
        finally:
            if self.device is None:
                self._child.close()

    def timeouts(self) -> Any:
        """TVM's TransportTimeouts."""
        if self.device is None:
            return self._child.timeouts()
        pace = self.device.pace
        limits = (pace.retry, pace.start, pace.grace + pace.first_run)
        transport = importlib.import_module("tvm.micro.transport")
        return transport.TransportTimeouts(*(0 if math.isinf(s) else s for s in limits))

    def read(self, n: int, timeout_sec: float | None) -> bytes:
        data: bytes = self._child.read(n, timeout_sec)
        return data

    def write(self, data: bytes, timeout_sec: float | None) -> None:
        self._child.write(data, timeout_sec)

    def descriptors(self) -> tuple[int, ...] | None:
        """What the child needs in another process; None when that isn't known."""
        client = getattr(self._child, "_api_client", None)
        if client is None:
            return None
        return client.read_file.fileno(), client.write_file.fileno()


def session_transport(
    name: str, child: Any, logger: logging.Logger | None = None, level: int = logging.INFO
) -> Any:
    """In place of TVM's TransportLogger, which spends most of a session's time on dumps.

    Gives the real one to who reads the dumps.
    """
    if (logger or logging.getLogger(_DUMPS)).isEnabledFor(level):
        transport = importlib.import_module("tvm.micro.transport")
        child = transport.TransportLogger(name, child, logger, level)
    return SessionTransport(child)


def connect(
    name: str,
    write: Callable[[bytearray, int], object],
    read: Callable[[int, int], bytes],
    start_retry_us: int,
    start_us: int,
    established_us: int,
    *_cleanup_and_logging: object,
) -> Any:
    """In place of TVM's `micro._rpc_connect`: an RPC session with the device, as a Module.

    Time-outs are microseconds; 0 means for ever. Raises what TVM's raises, with what was seen on
    the line: SessionTerminatedError, and TVMError with "MicroSessionTimeoutError: ...".
    MicroTvmBoardsError when it never came to a session.
    """
    from microtvm_boards.relay.session.link import DeviceLink, FunctionTransport
    from microtvm_boards.rpc.deadlines import Pace

    session = getattr(write, "__self__", None)
    found = getattr(session, "transport", None)
    transport = found if isinstance(found, SessionTransport) else None
    pace = Pace(
        grace=_seconds(established_us), start=_seconds(start_us), retry=_seconds(start_retry_us)
    )
    keep: tuple[int, ...] | None
    to_device: Transport
    if transport is not None and transport.device is not None:
        pace = replace(pace, baud=transport.device.pace.baud)
        to_device, keep = transport.device.transport, ()
    else:
        greedy = transport is not None and transport.greedy
        to_device = FunctionTransport(read, write, greedy=greedy)
        keep = None if transport is None else transport.descriptors()
    with _said():
        bridge = Bridge(lambda: DeviceLink(to_device, pace), keep=keep)
    if transport is not None:
        transport.bridge = bridge
    return bridge.connect(sys.modules["tvm"])


def _seconds(microseconds: int) -> float:
    return microseconds / 1e6 if microseconds else math.inf


def _own_project(child: Any) -> Project | None:
    """The project whose Project API server `child` talks to, when it is one of ours."""
    client = getattr(child, "_api_client", None)
    if client is None:
        return None
    info = client.server_info_query(sys.modules["tvm"].__version__)
    directory = Path(info["model_library_format_path"]).parent

    from microtvm_boards.project.manifest import MANIFEST
    from microtvm_boards.project.project import Project

    return Project.open(directory) if (directory / MANIFEST).is_file() else None


def _own_device(child: Any, project: Project) -> OwnDevice | None:
    """The device of `project`, unless `child` is more than TVM's ProjectTransport to it.

    Raises ProjectError when it can't serve a session.
    """
    tvm = sys.modules["tvm"]
    if type(child) is not tvm.micro.project.ProjectTransport:
        return None
    if (project.directory / _LAUNCHER).exists():
        return None

    from microtvm_boards.platforms import transport_to
    from microtvm_boards.project.options.parse import parse_options
    from microtvm_boards.run import pace_of, require_packed

    options = parse_options(child._options, "open_transport").device
    transport = transport_to(project, options)
    require_packed(project)
    pace = pace_of(project, options)
    return OwnDevice(transport, pace if options.gdbserver_port is None else pace.patient())


@contextmanager
def _said() -> Iterator[None]:
    """Prints what fails, as our Project API server does: tvmc says only that there is no session
    (v0.16, tvmc/runner.py)."""
    try:
        yield
    except Exception as error:
        with contextlib.suppress(OSError):
            print(f"microtvm-boards: {error}", file=sys.stderr, flush=True)
        raise
