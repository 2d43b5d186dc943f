"""Child processes that never outlive us, whatever ends us: close, Ctrl-C, an exception, SIGKILL."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TypeAlias

from microtvm_boards.errors import ToolNotFoundError, TransportError

GRACE = 2.0  # seconds from SIGTERM to SIGKILL
KEPT_BYTES = 8192  # of what it writes to stderr
SHOWN_LINES = 10

_DEBIAN_PACKAGES = {"qemu-system-arm": "qemu-system-arm"}
_POLL = 0.005  # seconds between two looks at a child
_WRAPPER = Path(__file__).with_name("die_with_parent.py")

_Process: TypeAlias = "subprocess.Popen[bytes]"


class Child:
    """A running program, in a session and process group of its own, so that Ctrl-C isn't its own.

    With `pipes` its stdin and stdout are ours to take. The end of what it writes to stderr
    (without `pipes`, to stdout too) is kept for messages.
    Raises ToolNotFoundError when there is no such program, TransportError when it can't start.
    """

    def __init__(
        self, command: Sequence[str], *, cwd: Path | None = None, pipes: bool = False
    ) -> None:
        program = _find(command[0], cwd)
        self._process = _spawn([program, *command[1:]], cwd, pipes)
        self._pipes = pipes
        self._end_lock = threading.Lock()
        self._words = bytearray()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def take_pipes(self) -> tuple[int, int]:
        """Descriptors of its stdout and stdin, from now on the caller's to close."""
        stdout, stdin = _open(self._process.stdout), _open(self._process.stdin)
        taken = os.dup(stdout.fileno()), os.dup(stdin.fileno())
        stdout.close()
        stdin.close()
        return taken

    def wait(self, timeout: float) -> bool:
        """Whether it has ended, after at most `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self._status() is None:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL)
        self._listener.join(timeout=1.0)  # its last words are in the pipe
        return True

    def ending(self) -> str:
        """How it ended, as the predicate of a sentence."""
        status = self._status()
        if status is None:
            return "is still running"
        if status >= 0:
            return f"ended with exit status {status}"
        try:
            return f"was ended by signal {signal.Signals(-status).name}"
        except ValueError:  # a real-time signal
            return f"was ended by signal {-status}"

    def last_words(self) -> tuple[str, ...]:
        """The last lines that it wrote to stderr."""
        lines = self._words[-KEPT_BYTES:].decode(errors="replace").splitlines()
        return tuple(line for line in lines if line.strip())[-SHOWN_LINES:]

    def end(self) -> None:
        """Ends it and its whole process group and reaps it. Harmless when it has ended."""
        with self._end_lock:
            if self._process.returncode is not None:
                return
            try:
                self._signal_group(signal.SIGTERM)
                self.wait(GRACE)
            finally:
                self._signal_group(signal.SIGKILL)
                self._process.wait()
            self._listener.join(timeout=1.0)

    def _signal_group(self, number: signal.Signals) -> None:
        """Only before it is reaped: until then its number can't be another group's."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _status(self) -> int | None:
        """Its status as in Popen.returncode; doesn't reap it."""
        if self._process.returncode is not None:
            return self._process.returncode
        try:
            found = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        except ChildProcessError:  # reaped in `end` by another thread meanwhile
            return self._process.returncode
        if found is None:
            return None
        return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status

    def _listen(self) -> None:
        stream = _open(self._process.stderr if self._pipes else self._process.stdout)
        with stream:
            while data := os.read(stream.fileno(), KEPT_BYTES):
                self._words += data
                del self._words[:-KEPT_BYTES]


def _find(program: str, cwd: Path | None) -> str:
    """The absolute path of `program`, as a shell in `cwd` would find it."""
    if os.sep in program:
        found = shutil.which(Path(cwd or ".").resolve() / program)
        where = "there is no such program"
    else:
        found = shutil.which(program)
        where = "it is not on the PATH"
    if found is None:
        package = _DEBIAN_PACKAGES.get(program)
        raise ToolNotFoundError(
            f"{program} is needed; {where}.",
            hint=f"apt-get install {package}" if package else "",
        )
    return str(found)


def _spawn(command: Sequence[str], cwd: Path | None, pipes: bool) -> _Process:
    def start() -> _Process:
        return subprocess.Popen(
            # -I -S: starts in 20 ms, whatever the environment says about Python
            [sys.executable, "-I", "-S", str(_WRAPPER), str(os.getpid()), *command],
            cwd=cwd,
            stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if pipes else subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )

    try:
        # To the kernel the parent that dies is a thread (prctl(2), PR_SET_PDEATHSIG): a child must
        # not be the child of a worker thread that ends before the process does.
        if threading.current_thread() is threading.main_thread():
            return start()
        started: Future[_Process] = Future()
        _lasting_thread(os.getpid()).put((start, started))
        return started.result()
    except OSError as error:
        raise TransportError(f"{command[0]} can't be started: {error.strerror}.") from error


@cache
def _lasting_thread(pid: int) -> SimpleQueue[tuple[Callable[[], _Process], Future[_Process]]]:
    """Orders for a thread that lives as long as the process `pid`; a fork gets its own.

    No executor: at exit those end before the other threads do.
    """
    orders: SimpleQueue[tuple[Callable[[], _Process], Future[_Process]]] = SimpleQueue()

    def serve() -> None:
        while True:
            start, started = orders.get()
            try:
                started.set_result(start())
            except Exception as error:
                started.set_exception(error)

    threading.Thread(target=serve, daemon=True).start()
    return orders


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise RuntimeError("this child was started without that pipe")
    return stream
