"""A serial line as a process: `proxy.py BAUD COMMAND...` between its stdin (a pty's master) and a
program on a pty of its own. BAUD: bits a second, 10 a byte; 0: as fast as it goes.

On its stdout, a socket, it takes plans, each a line of JSON, and answers each with a line:

    {"up": [damage, ...], "down": [...],     up: to the device; see damage.py; places count from now
     "chunk": [smallest, largest] bytes of one write, "seed": for sizes of chunks}

It ends, and the program with it, when the other side of stdin is closed or the program ends.
"""

from __future__ import annotations

import json
import os
import pty
import random
import select
import signal
import socket
import subprocess
import sys
import time
import tty
from collections import deque
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from damage import BadLine, Damage, Piece  # type: ignore[import-not-found]

READ = 65536
FULL = 1 << 18  # bytes in the line, from which on it takes no more
GRAIN = 0.0005  # seconds of bytes that a throttled line passes on at once


class Direction:
    """Bytes on their way from one descriptor to the other."""

    def __init__(self, source: int, sink: int, baud: float) -> None:
        self.source, self.sink = source, sink
        self._line = BadLine()
        self._byte_time = 10.0 / baud if baud else 0.0
        self._chunk = (0, 0)
        self._rng = random.Random()
        self._pieces: deque[Piece] = deque()
        self._held = 0
        self._ready_at = 0.0  # when the line has passed on all that it was given

    def plan(self, damages: list[dict[str, Any]], chunk: tuple[int, int], seed: int) -> None:
        self._line = BadLine(
            Damage(**{**fields, "data": bytes.fromhex(fields["data"])}) for fields in damages
        )
        self._chunk = chunk
        self._rng = random.Random(seed)

    @property
    def takes_more(self) -> bool:
        return self._held < FULL

    @property
    def due(self) -> float | None:
        """When something can be written; None: nothing is on the way."""
        if not self._pieces:
            return None
        first = self._pieces[0]
        if isinstance(first, float) or not self._byte_time:
            return self._ready_at
        return self._ready_at + max(self._byte_time, min(len(first) * self._byte_time, GRAIN))

    def take(self) -> bool:
        """Reads; False when the source has ended."""
        try:
            data = os.read(self.source, READ)
        except BlockingIOError:
            return True
        except OSError:  # EIO: the other side of the pty is closed
            return False
        if not self._pieces:
            self._ready_at = max(self._ready_at, time.monotonic())
        pieces = self._line.feed(data)
        self._pieces.extend(pieces)
        self._held += sum(len(piece) for piece in pieces if isinstance(piece, bytes))
        return bool(data)

    def give(self) -> bool:
        """Writes what is due; False when nothing can be written."""
        first = self._pieces[0]
        if isinstance(first, float):
            self._pieces.popleft()
            self._ready_at = time.monotonic() + first
            return True
        count = len(first)
        if self._byte_time:
            count = min(count, int((time.monotonic() - self._ready_at) / self._byte_time + 0.01))
        if self._chunk[1]:
            count = min(count, self._rng.randint(*self._chunk))
        try:
            done = os.write(self.sink, first[:count])
        except BlockingIOError:
            return False
        self._ready_at += done * self._byte_time
        self._held -= done
        if done == len(first):
            self._pieces.popleft()
        else:
            self._pieces[0] = first[done:]
        return True


def serve(up: Direction, down: Direction, control: socket.socket) -> None:
    """Until one of the sources has ended."""
    directions = (up, down)
    blocked: set[Direction] = set()
    orders = control.makefile("rb")
    while True:
        for direction in directions:
            while direction not in blocked and (due := direction.due) is not None:
                if due > time.monotonic():
                    break
                if not direction.give():
                    blocked.add(direction)
        dues = [d.due for d in directions if d not in blocked and d.due is not None]
        readable, writable, _ = select.select(
            [d.source for d in directions if d.takes_more] + [control],
            [d.sink for d in blocked],
            [],
            max(0.0, min(dues) - time.monotonic()) if dues else None,
        )
        blocked = {d for d in blocked if d.sink not in writable}
        for direction in directions:
            if direction.source in readable and not direction.take():
                return
        if control in readable:
            line = orders.readline()
            if not line:
                return
            plan = json.loads(line)
            for direction, side in zip(directions, ("up", "down"), strict=True):
                direction.plan(plan[side], plan["chunk"], plan["seed"])
            control.sendall(b"\n")


def main(baud: str, *command: str) -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    program = subprocess.Popen(command, stdin=slave, stdout=slave)
    os.close(slave)
    host = 0
    for fd in (host, master):
        os.set_blocking(fd, False)
    try:
        with socket.socket(fileno=1) as control:
            serve(
                Direction(host, master, float(baud)), Direction(master, host, float(baud)), control
            )
    finally:
        program.kill()
        program.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
