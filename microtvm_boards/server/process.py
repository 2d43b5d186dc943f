"""The server's process: two descriptors, signals, and an end that leaves nothing behind."""

from __future__ import annotations

import argparse
import os
import select
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from microtvm_boards.server.dispatch import answer
from microtvm_boards.server.handler import Handler, say
from microtvm_boards.server.jsonrpc import INVALID_REQUEST, MAX_LINE_BYTES, RpcError, error_line

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_DEBUG_CHARACTERS = 1000  # of each line: tensors pass here


def main(directory: Path, argv: Sequence[str] | None = None) -> int:
    """Serves the template or project in `directory` until the client is gone; 0, or 128 + signal.

    `argv` is what TVM appends to the command (v0.8 to v0.18, project_api/client.py). Call it from
    the process's main thread. A wrong command line exits with 2, as argparse does.
    """
    parser = argparse.ArgumentParser(
        prog="microtvm_api_server.py",
        description="Project API server, started by TVM. People use the command microtvm-boards.",
    )
    parser.add_argument("--read-fd", type=int, required=True, help="descriptor of the requests")
    parser.add_argument("--write-fd", type=int, required=True, help="descriptor of the replies")
    parser.add_argument("--debug", action="store_true", help="print requests and replies to stderr")
    args = parser.parse_args(argv)
    try:
        for descriptor in (args.read_fd, args.write_fd):
            # A tool that inherited these would keep the client waiting after our end.
            os.set_inheritable(descriptor, False)
        requests = os.fdopen(args.read_fd, "rb")
    except (OSError, ValueError, OverflowError) as error:
        parser.error(f"--read-fd {args.read_fd} and --write-fd {args.write_fd}: {error}")

    handler = Handler(directory)

    def reply_to(line: bytes) -> bytes | None:
        if args.debug:
            say(f"-> {line[:_DEBUG_CHARACTERS].decode(errors='replace').rstrip()}")
        reply = answer(handler, line, debug=args.debug)
        if args.debug and reply is not None:
            say(f"<- {reply[:_DEBUG_CHARACTERS].decode().rstrip()}")
        return reply

    for number in _SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # under nohup it stays ignored
            signal.signal(number, _stop)
    _watch_client(args.write_fd)
    try:
        try:
            serve(requests, args.write_fd, reply_to)
        finally:
            _ignore_signals()
    except SystemExit as stopped:  # also one that came while the loop ended by itself
        return int(stopped.code or 0)
    finally:
        handler.close_transport()
    return 0


def serve(
    requests: BinaryIO,
    replies: int,
    reply_to: Callable[[bytes], bytes | None],
    *,
    max_line: int = MAX_LINE_BYTES,
) -> None:
    """Answers each line of `requests` on the descriptor `replies` until one of them is closed."""
    while line := requests.readline(max_line + 1):
        reply: bytes | None
        if len(line) > max_line and not line.endswith(b"\n"):
            while (rest := requests.readline(max_line)) and not rest.endswith(b"\n"):
                pass
            reply = error_line(
                RpcError(INVALID_REQUEST, f"The line is longer than {max_line} bytes.")
            )
        else:
            reply = reply_to(line)
        if reply is not None and not _send(replies, reply):
            return


def _send(descriptor: int, data: bytes) -> bool:
    """False when nobody reads any more."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError:
        return False
    return True


def _stop(number: int, frame: FrameType | None) -> None:
    _ignore_signals()  # a second signal must not interrupt the cleaning up
    raise SystemExit(128 + number)


def _ignore_signals() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _watch_client(descriptor: int) -> None:
    """Stops this process when nobody reads `descriptor` any more.

    A killed TVM would otherwise leave a server that waits in read_transport for ever, and its
    emulator. poll() reports that without being asked for any event.
    """
    main_thread = threading.main_thread().ident
    if main_thread is None:
        return
    poller = select.poll()
    poller.register(descriptor, 0)

    def watch() -> None:
        poller.poll()
        # To the main thread, so that what it waits for is interrupted.
        signal.pthread_kill(main_thread, signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="client watcher").start()
