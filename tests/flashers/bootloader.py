"""An STM32 in its serial bootloader, behind a pty. The protocol is ST's AN3155 (USART protocol used
in the STM32 bootloader); the memory behaves as flash: writing only clears bits."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from types import TracebackType

ACK, NACK, SYNC = 0x79, 0x1F, 0x7F
GET, VERSION, ID, READ, GO, WRITE, EXTENDED_ERASE = 0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x44
COMMANDS = (GET, VERSION, ID, READ, GO, WRITE, EXTENDED_ERASE)
FLASH = 0x08000000
STM32F405 = 0x413
SECTORS = [16 << 10] * 4 + [64 << 10] + [128 << 10] * 7  # RM0090, table 5


class Gone(Exception):
    """The test is over."""


class Bootloader:
    """`with Bootloader() as board: ... board.port`. Faults: an address whose bit 0 is stuck, an
    answer that never comes, a chip of another kind."""

    def __init__(
        self, *, chip: int = STM32F405, stuck: int | None = None, silent: bool = False
    ) -> None:
        self.flash = bytearray(b"\xff" * (1 << 20))
        self.erased: list[int] = []  # sectors, in order
        self.started_at: int | None = None  # where `Go` went
        self._chip = chip
        self._stuck = stuck
        self._silent = silent
        self._synced = False

    def __enter__(self) -> Bootloader:
        self._master, self._slave = pty.openpty()  # kept: with no opener a master reads EIO
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._wake, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.write(self._end, b"x")
        self._thread.join()
        for fd in (self._master, self._slave, self._wake, self._end):
            os.close(fd)

    def _serve(self) -> None:
        try:
            while True:
                byte = self._take(1)[0]
                if self._silent:
                    continue
                if not self._synced:
                    self._synced = byte == SYNC
                    if self._synced:
                        self._say(ACK)
                    continue
                if self._take(1)[0] != byte ^ 0xFF or byte not in COMMANDS:
                    self._say(NACK)
                    continue
                self._say(ACK)
                self._command(byte)
        except Gone:
            pass

    def _command(self, code: int) -> None:
        if code == GET:
            self._say(len(COMMANDS), 0x31, *COMMANDS, ACK)
        elif code == VERSION:
            self._say(0x31, 0, 0, ACK)
        elif code == ID:
            self._say(1, self._chip >> 8, self._chip & 0xFF, ACK)
        elif code == EXTENDED_ERASE:
            self._erase()
        elif (address := self._address()) is not None:
            if code == READ:
                self._read(address)
            elif code == WRITE:
                self._write(address)
            else:
                self.started_at = address

    def _address(self) -> int | None:
        raw = self._take(4)
        address = int.from_bytes(raw, "big")
        good = self._take(1)[0] == _xor(raw)
        good &= FLASH <= address < FLASH + len(self.flash)
        self._say(ACK if good else NACK)
        return address if good else None

    def _read(self, address: int) -> None:
        count = self._take(1)[0]
        if self._take(1)[0] != count ^ 0xFF:
            self._say(NACK)
            return
        at = address - FLASH
        self._say(ACK, *self.flash[at : at + count + 1])

    def _write(self, address: int) -> None:
        count = self._take(1)
        data = self._take(count[0] + 1)
        if self._take(1)[0] != _xor(count + data):
            self._say(NACK)
            return
        for i, byte in enumerate(data, address - FLASH):
            self.flash[i] &= byte
        if self._stuck is not None and address <= self._stuck < address + len(data):
            self.flash[self._stuck - FLASH] ^= 1
        self._say(ACK)

    def _erase(self) -> None:
        raw = self._take(2)
        count = int.from_bytes(raw, "big")
        if count == 0xFFFF:
            sectors = list(range(len(SECTORS)))
        else:
            raw += self._take(2 * (count + 1))
            sectors = [int.from_bytes(raw[i : i + 2], "big") for i in range(2, len(raw), 2)]
        if self._take(1)[0] != _xor(raw) or max(sectors) >= len(SECTORS):
            self._say(NACK)
            return
        for sector in sectors:
            start = sum(SECTORS[:sector])
            self.flash[start : start + SECTORS[sector]] = b"\xff" * SECTORS[sector]
            self.erased.append(sector)
        self._say(ACK)

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            ready, _, _ = select.select([self._master, self._wake], [], [])
            if self._wake in ready:
                raise Gone
            data += os.read(self._master, count - len(data))
        return data

    def _say(self, *data: int) -> None:
        os.write(self._master, bytes(data))


def _xor(data: bytes) -> int:
    result = 0
    for byte in data:
        result ^= byte
    return result
