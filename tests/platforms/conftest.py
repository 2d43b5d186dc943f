"""Small projects with a build of their own: what platforms do doesn't depend on the template."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.project.project import Project
from tests.manifests import manifest

HOST_CMAKE = """\
cmake_minimum_required(VERSION 3.16)
project(firmware C)
add_executable(firmware.elf src/main.c src/other.c)
"""

ARM_CMAKE = """\
cmake_minimum_required(VERSION 3.16)
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
project(firmware C)
set(core -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16)
add_executable(firmware.elf src/main.c src/other.c)
target_compile_options(firmware.elf PRIVATE ${core} -O1)
target_link_options(firmware.elf PRIVATE ${core} -nostdlib -T ${CMAKE_SOURCE_DIR}/link.ld
  -Wl,-Map=firmware.map -Wl,--print-memory-usage)
"""

LINKER_SCRIPT = """\
MEMORY
{
  FLASH (rx) : ORIGIN = 0x0, LENGTH = 4M
  RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 4M
  PSRAM (rwx) : ORIGIN = 0x21000000, LENGTH = 16M
}
ENTRY(reset)
SECTIONS
{
  .text : { KEEP(*(.vectors)) *(.text .text.*) *(.rodata .rodata.*) } > FLASH
  .stack (NOLOAD) : { . += 4096; stack_top = .; } > RAM
  .data : { *(.data .data.*) } > RAM AT > FLASH
  .bss (NOLOAD) : { *(.bss .bss.* COMMON) } > RAM
  .pool (NOLOAD) : { *(.pool) } > PSRAM
}
"""

MakeProject = Callable[..., Project]


@pytest.fixture
def toy(tmp_path: Path) -> MakeProject:
    """`toy("host", main=C)`: a project directory without a model."""

    def make(
        board: str, *, main: str, cmake: str | None = None, directory: Path | None = None
    ) -> Project:
        directory = directory or tmp_path / "ein Ölprojekt, 1"
        (directory / "src").mkdir(parents=True)
        host = board == "host"
        (directory / "CMakeLists.txt").write_text(cmake or (HOST_CMAKE if host else ARM_CMAKE))
        (directory / "link.ld").write_text(LINKER_SCRIPT)
        (directory / "src" / "main.c").write_text(main)
        (directory / "src" / "other.c").write_text("int other(void) { return 7; }\n")
        found = load_board(board)
        return Project(directory, manifest(found.platforms[0]), found)

    return make
