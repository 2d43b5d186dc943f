"""What a board file says, as types. Nothing here knows models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Memory:
    """One region. `use`: "flash" (code and constants), "ram", or both for a machine with one."""

    name: str  # a linker region name: FLASH, RAM, DTCM, ...
    origin: int  # address
    size: int  # bytes
    use: tuple[str, ...]


@dataclass(frozen=True)
class Cpu:
    name: str  # GCC's -mcpu value; "" on the host
    flags: tuple[str, ...]  # every compiler flag that selects core and ABI


@dataclass(frozen=True)
class Uart:
    driver: str  # file template_project/src/port/<platform>/uart_<driver>.c
    base: int
    irq: int | None
    baud: int


@dataclass(frozen=True)
class Emulator:
    """QEMU. With `icount` N one instruction takes 2**N ns of the machine's time."""

    program: str  # qemu-system-arm
    machine: str  # -M
    args: tuple[str, ...]
    icount: int | None


@dataclass(frozen=True)
class UsbId:
    vid: int
    pid: int


@dataclass(frozen=True)
class Board:
    name: str
    description: str
    platforms: tuple[str, ...]  # the first one is the default
    cpu: Cpu
    memories: tuple[Memory, ...]  # empty on the host: no limits
    uart: Uart | None
    emulator: Emulator | None
    flashers: tuple[str, ...]
    usb_ids: tuple[UsbId, ...]
    clock_hz: int | None
    source: Path  # the file that it was read from

    def memory_for(self, use: str) -> Memory | None:
        """The first memory that serves `use` ("flash" or "ram"); None when the board lists none."""
        return next((m for m in self.memories if use in m.use), None)
