"""microtvm-boards monitor"""

from __future__ import annotations

import os
import queue
import select
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from microtvm_boards.cli.device import device_flags, open_project, project_argument
from microtvm_boards.cli.exit_codes import INTERRUPTED
from microtvm_boards.cli.output import Output, standard
from microtvm_boards.errors import TransportClosedError, TransportTimeoutError

if TYPE_CHECKING:
    from microtvm_boards.project.options.device import DeviceOptions
    from microtvm_boards.transports.base import Transport

_CHUNK = 4096
_READ_SECONDS = 0.05  # how long a typed line waits at most
_WRITE_SECONDS = 10.0


@click.command()
@project_argument
@device_flags
@standard
def monitor(output: Output, project: Path, device: DeviceOptions) -> None:
    """Print what the device says.

    Starts the firmware (emulator, host) or listens to the board, and passes on the lines that are
    typed or piped in. Of a project with the entry point packed it prints the log messages, and
    passes nothing on. Ends with Ctrl-C or Ctrl-D, or when the device does.
    """
    from microtvm_boards.platforms import transport_to

    if sys.stdout is None:  # it was closed when we started: as if its reader had gone
        raise BrokenPipeError
    opened, _ = open_project(project)
    transport = transport_to(opened, device)
    said = bytearray()
    write: Callable[[bytes], object] = said.extend if output.as_json else _write_to_stdout
    frames = opened.entrypoint == "packed"
    if frames:
        write = _frame_writer(write)
    ending, code = "Ctrl-D", 0
    try:
        with transport:
            try:
                _relay(transport, write, pass_on=not frames)
            except TransportClosedError as end:
                ending = end.cause
    except KeyboardInterrupt:
        ending, code = "Ctrl-C", INTERRUPTED
    if output.verbose:
        click.echo(f"Ended: {ending}", err=True)
    output.document({"lines": said.decode(errors="replace").splitlines(), "ended": ending})
    click.get_current_context().exit(code)


def _relay(transport: Transport, write: Callable[[bytes], object], *, pass_on: bool) -> None:
    """Until Ctrl-D on a terminal; the end of a pipe doesn't end the device's answers.

    Raises TransportClosedError when the device is gone.
    """
    typed: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    if sys.stdin is not None:
        threading.Thread(target=_read_stdin, args=(typed,), daemon=True).start()
    while True:
        while not typed.empty():
            data = typed.get()
            if not data:
                if sys.stdin.isatty():
                    return
                continue
            if pass_on:
                transport.write(data, _WRITE_SECONDS)
        try:
            write(transport.read(_CHUNK, _READ_SECONDS))
        except TransportTimeoutError:
            _check_reader()


def _frame_writer(write: Callable[[bytes], object]) -> Callable[[bytes], None]:
    """Prints what comes in frames as lines, and what comes outside of them as it is."""
    from microtvm_boards.rpc.frames import Decoder
    from microtvm_boards.rpc.messages import describe

    decoder = Decoder(outside=write)

    def feed(data: bytes) -> None:
        for payload in decoder.feed(data):
            write(f"{describe(payload)}\n".encode())

    return feed


def _check_reader() -> None:
    """Raises BrokenPipeError when whoever read our output is gone, e.g. `| grep -m1 done`.

    A write would say so too, but a silent device gives no reason to write.
    """
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)  # errors are reported unasked
    if any(event & select.POLLERR for _, event in poll.poll(0)):
        raise BrokenPipeError


def _read_stdin(typed: queue.SimpleQueue[bytes]) -> None:
    """In a thread: read() can't be interrupted. On the descriptor, since a buffered file that is
    being read when Python exits stops the exit with a fatal error.
    """
    while True:
        try:
            data = os.read(sys.stdin.fileno(), _CHUNK)
        except OSError:
            data = b""
        typed.put(data)
        if not data:
            return


def _write_to_stdout(data: bytes) -> None:
    """As they come: a device may print in any encoding, and no whole lines."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
