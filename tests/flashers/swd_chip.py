"""A Cortex-M chip as a debug probe sees it: SWD's registers, memory, and flash that an algorithm in
RAM programs. For pyOCD's own code, from the probe's driver upwards.

The one thing it doesn't emulate are instructions: when the core is let go at an entry of the flash
algorithm that pyOCD loaded, what that function is for happens at once.

State is in a directory, so that a test sees it across processes: chip.json (what the chip is like),
flash.bin, and events.txt (what was done to it).
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

FLASH, FLASH_BYTES = 0x08000000, 128 << 10
RAM, RAM_BYTES = 0x20000000, 64 << 10
PART = {"cortex-m0": 0xC20, "cortex-m3": 0xC23, "cortex-m4": 0xC24, "cortex-m7": 0xC27}
IDCODE = 0xE0042000  # DBGMCU_IDCODE of STM32F1, F2, F4, F7, L4
_ROM_TABLE, _SCS = 0xE00FF000, 0xE000E000
_CPUID, _AIRCR, _DHCSR = 0xE000ED00, 0xE000ED0C, 0xE000EDF0
_DCRSR, _DCRDR, _DEMCR = 0xE000EDF4, 0xE000EDF8, 0xE000EDFC
_CSW, _TAR, _DRW, _BASE, _IDR = 0x00, 0x04, 0x0C, 0xF8, 0xFC
_LR, _PC = 14, 15
_FUNCTIONS = {  # pyOCD's name of the entry -> ours
    "pc_init": "init",
    "pc_unInit": "uninit",
    "pc_eraseAll": "erase_all",
    "pc_erase_sector": "erase_sector",
    "pc_program_page": "program_page",
    "analyzer_address": "checksums",  # code of pyOCD's own
}


class SwdError(Exception):
    """No acknowledge."""


class UnpluggedError(Exception):
    """The probe is gone."""


class Chip:
    """chip.json: `core`; `device_id`; `answers` (false: dead); `fails` (a function of the algorithm
    that returns 1); `hangs` (one that never ends); `unplugs` (one that the
    probe is pulled out in); `stuck` (address of a byte whose highest bit stays
    1), and with `heals` only until it is opened for the second time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.set: dict[str, Any] = {
            "core": "cortex-m4",
            "device_id": 0x413,
            "answers": True,
            **json.loads((directory / "chip.json").read_text()),
        }
        flash = directory / "flash.bin"
        content = flash.read_bytes() if flash.exists() else b"\x55" * FLASH_BYTES
        self._flash, self._ram = bytearray(content), bytearray(RAM_BYTES)
        self._core = [0] * 128
        self._halted = False
        self._dp: dict[int, int] = {}
        self._ap = {_CSW: 0x43000042, _BASE: _ROM_TABLE | 3, _IDR: 0x24770011}
        self._words = {_ROM_TABLE: (_SCS - _ROM_TABLE | 3) & 0xFFFFFFFF}
        self._identify(_ROM_TABLE, 0x10, 0x4C4)
        self._identify(_SCS, 0xE0, 0x008 if self.set["core"] == "cortex-m0" else 0x00C)
        architecture = 0xC if self.set["core"] == "cortex-m0" else 0xF
        self._words[_CPUID] = 0x41000000 | architecture << 16 | PART[self.set["core"]] << 4
        self._words[IDCODE] = 0x10000000 | self.set["device_id"]
        self.algorithm: Callable[[], Mapping[str, Any]] = dict  # entry points, once they are known

    def note(self, event: str) -> None:
        with (self._directory / "events.txt").open("a") as file:
            file.write(event + "\n")

    # The debug port and its one access port

    def read_dp(self, address: int) -> int:
        if not self.set["answers"]:
            raise SwdError("No ACK received")
        if address == 0:
            return 0x2BA01477
        value = self._dp.get(address, 0)
        return value | value << 1 & 0xA0000000 if address == 4 else value  # powered up at once

    def write_dp(self, address: int, value: int) -> None:
        self._dp[address] = value

    def read_ap(self, address: int) -> int:
        if address >> 24:
            return 0
        if address & 0xFF != _DRW:
            enabled = 0x40 if address & 0xFF == _CSW else 0
            return self._ap.get(address & 0xFF, 0) | enabled
        at, size = self._next()
        return self._read(at, size) << 8 * (at % 4)

    def write_ap(self, address: int, value: int) -> None:
        if address & 0xFF != _DRW:
            self._ap[address & 0xFF] = value
            return
        at, size = self._next()
        self._write(at, size, value >> 8 * (at % 4) & (1 << 8 * size) - 1)

    def _next(self) -> tuple[int, int]:
        """Address and size of this transfer; the address goes on as CSW says."""
        at, size = self._ap[_TAR], 1 << (self._ap[_CSW] & 7)
        if self._ap[_CSW] & 0x30:
            self._ap[_TAR] = at + size
        return at, size

    # Memory

    def _read(self, at: int, size: int) -> int:
        for base, memory in ((FLASH, self._flash), (RAM, self._ram)):
            if base <= at < base + len(memory):
                return int.from_bytes(memory[at - base : at - base + size], "little")
        if at == _DHCSR:
            return 0x10001 | self._halted << 17 | self._halted << 1  # register ready
        return self._words.get(at, 0)

    def _write(self, at: int, size: int, value: int) -> None:
        if RAM <= at < RAM + len(self._ram):
            self._ram[at - RAM : at - RAM + size] = value.to_bytes(size, "little")
        elif at == _DHCSR:
            self._halt(value)
        elif at == _DCRSR:
            if value & 0x10000:
                self._core[value & 0x7F] = self._words.get(_DCRDR, 0)
            else:
                self._words[_DCRDR] = self._core[value & 0x7F]
        elif at == _AIRCR:
            self.reset()
        else:
            self._words[at] = value

    def reset(self) -> None:
        self._halted = bool(self._words.get(_DEMCR, 0) & 1)  # caught by the debugger?
        self.note("reset and halt" if self._halted else "reset")

    def _halt(self, control: int) -> None:
        halted, self._halted = self._halted, bool(control & 2)
        if not halted or self._halted:
            return
        for name, entry in self.algorithm().items():
            if name in _FUNCTIONS and entry | 1 == self._core[_PC] | 1:
                self._call(_FUNCTIONS[name])
                self._core[_PC] = self._core[_LR]
                self._halted = True  # the breakpoint that pyOCD puts at the return address

    # The flash algorithm: CMSIS's functions, arguments in r0 to r2, result in r0

    def _call(self, function: str) -> None:
        address, size, buffer = self._core[:3]
        if function in ("erase_sector", "erase_all", "program_page"):
            self.note(f"{function} {address:#010x}")
        if function == self.set.get("hangs"):
            time.sleep(600)
        if function == self.set.get("unplugs"):
            raise UnpluggedError("the device is gone")
        self._core[0] = int(function == self.set.get("fails"))
        if self._core[0]:
            return
        if function == "erase_all":
            self._set(FLASH, b"\xff" * FLASH_BYTES)
        elif function == "erase_sector":
            self._set(address, b"\xff" * int(self.algorithm()["sector_size"]))
        elif function == "program_page":
            data = self._ram[buffer - RAM : buffer - RAM + size]
            old = self._flash[address - FLASH : address - FLASH + size]
            self._set(address, bytes(a & b for a, b in zip(data, old, strict=True)))

        elif function == "checksums":
            for at in range(address, address + 4 * size, 4):
                order = self._read(at, 4)
                length = 1 << (order & 0xFFFF)
                start = (order >> 16) * length - FLASH
                self._write(at, 4, zlib.crc32(self._flash[start : start + length]))

    def _set(self, address: int, data: bytes) -> None:
        self._flash[address - FLASH : address - FLASH + len(data)] = data
        opened = (self._directory / "events.txt").read_text().count("opened")
        if "stuck" in self.set and not (self.set.get("heals") and opened > 1):
            self._flash[self.set["stuck"] - FLASH] |= 0x80
        (self._directory / "flash.bin").write_bytes(self._flash)

    def _identify(self, base: int, kind: int, part: int) -> None:
        """CoreSight's identification registers: `kind` of component, designed by Arm."""
        for number, value in enumerate((0x0D, kind, 0x05, 0xB1)):
            self._words[base + 0xFF0 + 4 * number] = value
        for number, value in enumerate((part & 0xFF, 0xB0 | part >> 8, 0x0B, 0)):
            self._words[base + 0xFE0 + 4 * number] = value
        self._words[base + 0xFD0] = 4
