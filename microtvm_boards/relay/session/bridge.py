"""The child process behind a micro session: TVM's RPC client on one side, a device on the other.

It is forked, because a thread can't do it: TVM waits for some replies without giving up the
interpreter's lock (freeing a remote function, v0.16). It talks to TVM over a loopback socket, since
`rpc.Connect` takes nothing else that a fork can hold.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import math
import os
import secrets
import select
import signal
import socket
import struct
import threading
import time
import traceback
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NoReturn, Protocol

from microtvm_boards.errors import DeviceError, MicroTvmBoardsError
from microtvm_boards.relay.session.failures import CarriedError
from microtvm_boards.rpc.codecs.classic.packets import Code, system_call

_MAGIC = 0xFF271  # greets on both sides of rpc.Connect (v0.16, src/runtime/rpc)
_OPEN = b"\n"  # the child's report when all is well
_HOST = "127.0.0.1"
_CHUNK = 1 << 18
# Seconds to end, and what comes then: first for the end of the connection, which a child that waits
# for the device doesn't see.
_END_STEPS = ((0.3, signal.SIGTERM), (2.5, signal.SIGKILL))
# Seconds after Ctrl-C in which a call comes that was on its way here, and is meant by it. What the
# parent frees as it unwinds isn't a call.
_ON_ITS_WAY = 0.5
_FREEING = (Code.FREE_HANDLE, Code.DEV_FREE_DATA)
_ORPHAN_POLL = 0.25  # seconds; the host's end must be noticed within 2


class Link(Protocol):
    """An established session with a device."""

    def call(self, packet: bytes) -> bytes:
        """The device's reply to one RPC packet; raises MicroTvmBoardsError when there is none."""

    def close(self) -> None:
        """Ends the session and closes its transport."""


class Bridge:
    """The running child. `open_link` is called in it; `keep` are descriptors that it needs.

    With `keep` None it keeps all that this process has open, which other sessions may notice: a
    peer sees the end of a stream only when every copy is closed.
    Raises what `open_link` raised, a failed session as TVM's own exception.
    """

    def __init__(self, open_link: Callable[[], Link], *, keep: Collection[int] | None) -> None:
        _reap_ended()
        self._key = secrets.token_hex(16)  # others on this machine may find the port, too
        self._module: Any = None
        with socket.create_server((_HOST, 0)) as listener:
            self._port = int(listener.getsockname()[1])
            # Never written after the report: its end is the end of the child.
            status, report = os.pipe()
            self._status = os.fdopen(status, "rb", buffering=0)
            parent = os.getpid()
            self._pid = os.fork()
            if self._pid == 0:
                _run(parent, listener, f"client:{self._key}", report, open_link, keep)
            os.close(report)
        _children[self._pid] = self._key
        try:
            report_line = self._status.readline()
            if not report_line:
                raise MicroTvmBoardsError(
                    "The process that talks to the device has ended unexpectedly."
                )
            if report_line != _OPEN:
                raise CarriedError.from_json(report_line).exception()
        except BaseException:
            self.end()
            raise

    def connect(self, tvm: Any) -> Any:
        """TVM's RPC session with the device, a `tvm.runtime.Module`."""
        connect = tvm.get_global_func("rpc.Connect")
        self._module = connect(_HOST, self._port, self._key, False)
        return self._module

    def end(self) -> None:
        """Ends the session and the child, and reaps it. Harmless when it has ended."""
        if _children.get(self._pid) != self._key:
            return
        if self._module is None:
            os.kill(self._pid, signal.SIGTERM)
        else:
            self._module.get_function("CloseRPCConnection")()
        for seconds, number in _END_STEPS:
            if self._has_ended(seconds):
                break
            os.kill(self._pid, number)
        with contextlib.suppress(ChildProcessError):  # reaped by somebody else's wait()
            os.waitpid(self._pid, 0)
        del _children[self._pid]
        self._status.close()

    def _has_ended(self, timeout: float) -> bool:
        poll = select.poll()
        poll.register(self._status, 0)
        return bool(poll.poll(timeout * 1000))


# Children that nobody has reaped yet, and their keys: of sessions in use or just dropped.
_children: dict[int, str] = {}


def _reap_ended() -> None:
    for pid in list(_children):
        try:
            done, _ = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:  # another process's: this one is a fork of it
            done = pid
        if done:
            del _children[pid]


def _run(
    parent: int,
    listener: socket.socket,
    key: str,
    report: int,
    open_link: Callable[[], Link],
    keep: Collection[int] | None,
) -> NoReturn:
    """The child, from fork to end. Nothing of the parent's may run here: no exit handlers, no
    destructors, which would talk over the connections of the parent's other sessions."""
    try:
        gc.freeze()
        signal.signal(signal.SIGINT, _interrupt)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _stop)
        if keep is not None:
            logging.disable()  # log files are closed, and their numbers used again
            _close_all_but({0, 1, 2, listener.fileno(), report, *keep})
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        try:
            link = open_link()
        except MicroTvmBoardsError as error:
            os.write(report, CarriedError.of(error).to_json())
            os._exit(0)
        with contextlib.closing(link):
            os.write(report, _OPEN)
            with _accept(listener, key) as connection:
                _serve(connection, link)
    except Exception:
        traceback.print_exc()  # a defect: the parent only sees that this process is gone
    finally:
        os._exit(0)


_calling = False
_idle_interrupt = -math.inf  # when Ctrl-C last came between calls


class _InterruptedError(DeviceError):
    """Ctrl-C in the middle of a call."""


def _interrupt(_number: int, _frame: object) -> None:
    """Ctrl-C comes to both processes. In a call TVM waits for the answer whatever comes (see
    signals.py), so it gets one; at any other time the interrupt is the parent's alone."""
    global _calling, _idle_interrupt
    if _calling:
        _calling = False
        raise _interrupted()
    _idle_interrupt = time.monotonic()


def _interrupted() -> _InterruptedError:
    return _InterruptedError("The call was interrupted.", hint="open a new session")


def _stop(_number: int, _frame: object) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a second one must not interrupt the cleaning up
    raise SystemExit


def _end_with(parent: int) -> None:
    """Ends this process soon after `parent` has ended, whatever it is waiting for."""
    while os.getppid() == parent:
        time.sleep(_ORPHAN_POLL)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(1.0)
    os._exit(1)


def _close_all_but(keep: Collection[int]) -> None:
    for path in list(Path("/dev/fd").iterdir()):
        if int(path.name) not in keep:
            with contextlib.suppress(OSError):  # the listing's own
                os.close(int(path.name))


def _accept(listener: socket.socket, key: str) -> socket.socket:
    """The connection of who knows the key."""
    with listener:
        while True:
            connection, _ = listener.accept()
            try:
                connection.settimeout(1.0)
                stream = connection.makefile("rb")
                magic, length = struct.unpack("<ii", stream.read(8))
                if magic == _MAGIC and stream.read(min(length, 256)) == key.encode():
                    connection.sendall(struct.pack("<ii", _MAGIC, 0))
                    connection.settimeout(None)
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return connection
            except (OSError, struct.error):
                pass
            connection.close()


def _serve(connection: socket.socket, link: Link) -> None:
    """Until TVM closes the connection."""
    ended: bytes | None = None  # the answer to everything once the session has ended
    received = bytearray()
    while True:
        while len(received) < 12 or len(received) < 8 + struct.unpack_from("<Q", received)[0]:
            data = connection.recv(_CHUNK)
            if not data:
                return
            received += data
        length, code = struct.unpack_from("<Qi", received)
        packet = bytes(received[: 8 + length])
        del received[: 8 + length]
        if code == Code.SHUTDOWN:
            return
        if code == Code.INIT_SERVER:  # devices don't know it: they are set up when the link opens
            reply = system_call(Code.RETURN, None)
        elif ended is not None:
            reply = ended
        else:
            try:
                if code not in _FREEING and time.monotonic() - _idle_interrupt < _ON_ITS_WAY:
                    raise _interrupted()
                reply = _call(link, packet)
            except MicroTvmBoardsError as error:
                reply = ended = system_call(Code.EXCEPTION, CarriedError.of(error).message())
        connection.sendall(reply)


def _call(link: Link, packet: bytes) -> bytes:
    global _calling
    _calling = True
    try:
        return link.call(packet)
    finally:
        _calling = False
