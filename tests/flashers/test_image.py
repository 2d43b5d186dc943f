"""From the ELF to the bytes in flash."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from microtvm_boards.errors import FlashError
from microtvm_boards.flashers import FlashTarget
from microtvm_boards.flashers.image import flash_image
from tests.flashers.conftest import CODE, DATA
from tests.flashers.elf import FLASH, RAM, write_elf


def test_initial_values_lie_at_their_load_address(target: FlashTarget) -> None:
    image = flash_image(target.firmware)
    assert image.address == FLASH
    assert image.data == CODE + b"\xff\xff" + DATA  # a gap reads as erased flash


@pytest.mark.tools
@pytest.mark.skipif(shutil.which("arm-none-eabi-objcopy") is None, reason="compares with objcopy")
def test_it_is_what_objcopy_makes(target: FlashTarget, tmp_path: Path) -> None:
    source = tmp_path / "a.c"
    source.write_text("int data[3] = {1, 2, 3}, bss; int main(void) { return data[bss]; }")
    elf, binary = tmp_path / "a.elf", tmp_path / "a.bin"
    script = tmp_path / "a.ld"
    script.write_text(
        "MEMORY { F (rx): ORIGIN = 0x08000000, LENGTH = 64K R (rw): ORIGIN = 0x20000000, "
        "LENGTH = 8K }\nSECTIONS { .text : { *(.text*) } >F .data : { *(.data*) } >R AT>F "
        ".bss (NOLOAD) : { *(.bss*) } >R }"
    )
    gcc = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-nostdlib", "-e", "main"]
    subprocess.run([*gcc, "-T", script, source, "-o", elf], check=True, capture_output=True)
    subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", elf, binary], check=True)
    assert flash_image(elf).data == binary.read_bytes()


def test_what_is_scattered_over_memories_is_refused_with_its_parts(tmp_path: Path) -> None:
    elf = write_elf(tmp_path / "a.elf", [(FLASH, FLASH, b"code"), (RAM, RAM, b"data")])
    with pytest.raises(FlashError, match="can't be flashed as one image") as caught:
        flash_image(elf)
    assert caught.value.details == ("4 bytes at 0x08000000", "4 bytes at 0x20000000")


@pytest.mark.parametrize(
    ("content", "expected"),
    [(b"", "no ELF file"), (b"int main;", "no ELF file"), (b"\x7fELF\x01\x01", "no ELF file")],
)
def test_what_is_no_elf_is_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "firmware.elf"
    path.write_bytes(content)
    with pytest.raises(FlashError, match=expected):
        flash_image(path)


def test_a_cut_elf_is_refused(target: FlashTarget) -> None:
    whole = target.firmware.read_bytes()
    for length in (40, 60, 100, len(whole) - 3):
        target.firmware.write_bytes(whole[:length])
        with pytest.raises(FlashError):
            flash_image(target.firmware)


def test_an_elf_without_content_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FlashError, match="no loadable segment"):
        flash_image(write_elf(tmp_path / "a.elf", [(RAM, RAM, b"")]))


def test_a_firmware_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FlashError, match="can't be read") as caught:
        flash_image(tmp_path / "none.elf")
    assert caught.value.hint == "microtvm-boards build PROJECT"
