"""A board on a desk: QEMU behind a pseudo-terminal, which outlives who opens its port, and which a
flasher gives another firmware."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from pathlib import Path

from microtvm_boards.boards import Board
from microtvm_boards.errors import TransportError, TransportTimeoutError
from microtvm_boards.platforms import qemu
from microtvm_boards.transports.emulator import EmulatorTransport


class DeskBoard:
    """`port` is its serial port; `flashed` are the firmwares that were written, in their order."""

    def __init__(self, board: Board, firmware: Path) -> None:
        self._board = board
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self.flashed: list[Path] = []
        self._start(firmware)

    def flash(self, firmware: Path) -> None:
        self._stop()
        self.flashed.append(firmware)
        self._start(firmware)

    def close(self) -> None:
        self._stop()
        os.close(self._slave)
        os.close(self._master)

    def _start(self, firmware: Path) -> None:
        self._machine = EmulatorTransport(qemu.command(self._board, firmware), name="desk")
        self._machine.open()
        self._running = True
        self._threads = [threading.Thread(target=t) for t in (self._to_port, self._from_port)]
        for thread in self._threads:
            thread.start()

    def _stop(self) -> None:
        self._running = False
        for thread in self._threads:
            thread.join()
        self._machine.close()

    def _to_port(self) -> None:
        while self._running:
            try:
                os.write(self._master, self._machine.read(4096, 0.05))
            except TransportTimeoutError:
                continue
            except TransportError:  # a kernel ended the machine
                return

    def _from_port(self) -> None:
        while self._running:
            if select.select([self._master], [], [], 0.05)[0]:
                try:
                    self._machine.write(os.read(self._master, 4096), 5.0)
                except TransportError:
                    return
