"""What a board file says, as types. Nothing here knows models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


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
    driver: str | None  # file template_project/src/port/<platform>/uart_<driver>.c
    base: int | None  # like driver, for platforms whose drivers are ours
    irq: int | None
    baud: int


@dataclass(frozen=True)
class Emulator:
    """QEMU. With `icount` N one instruction takes 2**N ns of the machine's time."""

    program: str  # qemu-system-arm
    machine: str  # -M
    args: tuple[str, ...]
    icount: int | None
    clock_hz: int | None  # what the firmware takes its clock for; None: the board's
    counter_hz: int | None  # how fast it really counts there; None: as it thinks


@dataclass(frozen=True)
class FlasherChoice:
    """A tool that can flash the board; what its settings mean, its class in `flashers` knows."""

    name: str
    settings: Mapping[str, str | int | bool] = field(default_factory=dict, hash=False)


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
    flashers: tuple[FlasherChoice, ...]  # the first one that is installed is taken
    usb_ids: tuple[UsbId, ...]
    clock_hz: int | None
    source: Path  # the file that it was read from
    document: str = ""  # the text of a board file, when `source` isn't one
    # Firmware of its first platform is a program of this computer: no limits of memory.
    hosted: bool = False
    # What platforms read of it, by their key in the file.
    sections: Mapping[str, object] = field(default_factory=dict, hash=False)

    def section(self, kind: type[T]) -> T | None:
        """The section of a platform, by its type."""
        return next((s for s in self.sections.values() if isinstance(s, kind)), None)

    def memory_for(self, use: str) -> Memory | None:
        """The first memory that serves `use` ("flash" or "ram"); None when the board lists none."""
        return next((m for m in self.memories if use in m.use), None)
