"""The bytes that go into the flash, for tools that take no ELF."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.elf import CutElfError, Elf, ElfError
from microtvm_boards.errors import FlashError

ERASED = 0xFF  # what erased flash reads as; fills the gaps
MAX_GAP = 1 << 20  # bytes; more means segments for different memories


@dataclass(frozen=True)
class Image:
    address: int  # of the first byte
    data: bytes


def flash_image(firmware: Path) -> Image:
    """The loadable segments of the ELF `firmware` at their load (physical) addresses.

    Raises FlashError when it can't be read, holds nothing, or is scattered over memories that no
    single image can cover.
    """
    try:
        elf = Elf.open(firmware)
        segments = sorted((s.load_address, elf.content(s)) for s in elf.segments)
    except OSError as error:
        raise FlashError(
            f"The firmware {firmware} can't be read: {error.strerror}.",
            hint="microtvm-boards build PROJECT",
        ) from error
    except CutElfError as error:
        raise FlashError(
            f"{firmware} is cut short.", hint="microtvm-boards build PROJECT"
        ) from error
    except ElfError as error:
        raise FlashError(f"{firmware} is no firmware: it is no ELF file ({error}).") from error
    if not segments:
        raise FlashError(f"{firmware} holds nothing to flash: it has no loadable segment.")
    start = segments[0][0]
    image = bytearray()
    for address, data in segments:
        gap = address - start - len(image)
        if not 0 <= gap <= MAX_GAP:
            raise FlashError(
                f"{firmware} can't be flashed as one image.",
                details=[f"{len(d):,} bytes at {a:#010x}" for a, d in segments],
                hint="a flasher that takes ELF files: --flasher openocd, stm32cubeprogrammer, gdb",
            )
        image += bytes([ERASED]) * gap + data
    return Image(start, bytes(image))


def write_binary(firmware: Path, path: Path) -> Image:
    """Writes `flash_image` to `path`, for a tool to read. Raises FlashError."""
    image = flash_image(firmware)
    _write(path, image.data)
    return image


def write_text(path: Path, text: str) -> None:
    """A script for a tool. Raises FlashError."""
    _write(path, text.encode())


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise FlashError(f"{path} can't be written: {error.strerror}.") from error
