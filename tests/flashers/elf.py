"""ELF files of nothing but loadable segments, as a linker for a microcontroller makes them."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

FLASH = 0x08000000
RAM = 0x20000000


def write_elf(path: Path, segments: Sequence[tuple[int, int, bytes]]) -> Path:
    """`segments`: run address, load address, content. ELF32, little-endian, Arm."""
    header, entry_size = 52, 32
    offset = header + entry_size * len(segments)
    ident = b"\x7fELF" + bytes([1, 1, 1]) + bytes(9)
    # type EXEC, machine ARM, version, entry, phoff, shoff, flags, sizes and counts
    fields = (2, 40, 1, FLASH, header, 0, 0, header, entry_size, len(segments), 40, 0, 0)
    file = bytearray(ident + struct.pack("<HHIIIIIHHHHHH", *fields))
    for virtual, physical, data in segments:
        file += struct.pack("<8I", 1, offset, virtual, physical, len(data), len(data), 5, 4)
        offset += len(data)
    path.write_bytes(bytes(file) + b"".join(data for _, _, data in segments))
    return path
