"""A model goes into a project that STM32CubeMX made, and nothing else there changes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.errors import MicroTvmBoardsError, ProjectError, UsageError
from microtvm_boards.platforms.stm32cube.into_cubemx import Addition, add_to_cubemx
from microtvm_boards.project import parse_options
from tests.conftest import DATA, DIGITS
from tests.platforms.cube_tree import need_package

MODEL = DIGITS / "digits_c.tar"
IOC = "#MicroXplorer Configuration settings - do not modify\nMcu.Family=STM32F4\n"
# A Makefile and a CMakeLists.txt in the form of STM32CubeMX's.
MAKEFILE = """\
TARGET = demo
BUILD_DIR = build
C_SOURCES = Core/Src/main.c $(CUBE)/{device}/Source/Templates/system_stm32f4xx.c
ASM_SOURCES = $(CUBE)/{device}/Source/Templates/gcc/startup_stm32f405xx.s
C_DEFS = -DSTM32F405xx
C_INCLUDES = -I$(CUBE)/Drivers/CMSIS/Include -I$(CUBE)/{device}/Include
MCU = -mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard
CFLAGS += $(MCU) $(C_DEFS) $(C_INCLUDES) -Og -Wall -Werror -fdata-sections -ffunction-sections
LDFLAGS = $(MCU) -specs=nano.specs -specs=nosys.specs -Tflash.ld -lc -lm -Wl,--gc-sections
all: $(BUILD_DIR)/$(TARGET).elf
# list of objects
OBJECTS = $(addprefix $(BUILD_DIR)/,$(notdir $(C_SOURCES:.c=.o)))
vpath %.c $(sort $(dir $(C_SOURCES)))
OBJECTS += $(addprefix $(BUILD_DIR)/,$(notdir $(ASM_SOURCES:.s=.o)))
vpath %.s $(sort $(dir $(ASM_SOURCES)))
$(BUILD_DIR)/%.o: %.c Makefile | $(BUILD_DIR)
\tarm-none-eabi-gcc -c $(CFLAGS) $< -o $@
$(BUILD_DIR)/%.o: %.s Makefile | $(BUILD_DIR)
\tarm-none-eabi-gcc -x assembler-with-cpp -c $(CFLAGS) $< -o $@
$(BUILD_DIR)/$(TARGET).elf: $(OBJECTS) Makefile
\tarm-none-eabi-gcc $(OBJECTS) $(LDFLAGS) -o $@
$(BUILD_DIR):
\tmkdir $@
""".replace("{device}", "Drivers/CMSIS/Device/ST/STM32F4xx")
CMAKE = """\
cmake_minimum_required(VERSION 3.22)
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(MCU "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard")
set(CMAKE_C_FLAGS "${MCU} -Wall -fdata-sections -ffunction-sections")
set(CMAKE_ASM_FLAGS "${MCU} -x assembler-with-cpp")
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXE_LINKER_FLAGS "${MCU} -specs=nano.specs -specs=nosys.specs -Wl,--gc-sections")
project(demo C ASM)
set(device ${CUBE}/Drivers/CMSIS/Device/ST/STM32F4xx)
add_executable(${CMAKE_PROJECT_NAME} Core/Src/main.c
  ${device}/Source/Templates/system_stm32f4xx.c
  ${device}/Source/Templates/gcc/startup_stm32f405xx.s)
target_include_directories(${CMAKE_PROJECT_NAME} PRIVATE ${CUBE}/Drivers/CMSIS/Include
                           ${device}/Include)
target_compile_definitions(${CMAKE_PROJECT_NAME} PRIVATE STM32F405xx)
target_link_options(${CMAKE_PROJECT_NAME} PRIVATE -T${CMAKE_SOURCE_DIR}/flash.ld)
"""
LINKER_SCRIPT = """\
ENTRY(Reset_Handler)
_estack = ORIGIN(RAM) + LENGTH(RAM);
MEMORY
{
  RAM (xrw) : ORIGIN = 0x20000000, LENGTH = 128K
  FLASH (rx) : ORIGIN = 0x8000000, LENGTH = 1024K
}
SECTIONS
{
  .isr_vector : { KEEP(*(.isr_vector)) } > FLASH
  .text : { *(.text) *(.text*) KEEP(*(.init)) KEEP(*(.fini)) _etext = .; } > FLASH
  .rodata : { . = ALIGN(4); *(.rodata) *(.rodata*) } > FLASH
  .init_array : { PROVIDE_HIDDEN(__preinit_array_start = .);
                  PROVIDE_HIDDEN(__preinit_array_end = .);
                  PROVIDE_HIDDEN(__init_array_start = .); KEEP(*(.init_array*))
                  PROVIDE_HIDDEN(__init_array_end = .);
                  PROVIDE_HIDDEN(__fini_array_start = .); KEEP(*(.fini_array*))
                  PROVIDE_HIDDEN(__fini_array_end = .); } > FLASH
  _sidata = LOADADDR(.data);
  .data : { . = ALIGN(4); _sdata = .; *(.data) *(.data*) . = ALIGN(4); _edata = .; } > RAM AT> FLASH
  .bss : { . = ALIGN(4); _sbss = .; *(.bss) *(.bss*) *(COMMON) . = ALIGN(4); _ebss = .;
           end = .; } > RAM
}
"""
# Runs the model on one image and ends the emulator with 0 when the answer is right.
MAIN = """\
#include <stdint.h>
#include <string.h>

#include "mtvm_digits.h"

static struct mtvm_digits_inputs inputs;
static struct mtvm_digits_outputs outputs;
static const int8_t image[] = {IMAGE};
static const int8_t logits[] = {LOGITS};

static void finish(uint32_t status) {
  volatile uint32_t block[2] = {0x20026U, status};
  register uint32_t operation __asm__("r0") = 0x20U;
  register volatile uint32_t *argument __asm__("r1") = block;
  __asm__ volatile("bkpt 0xab" : "+r"(operation) : "r"(argument) : "memory");
  for (;;) {
  }
}

int main(void) {
  memcpy(inputs.image, image, sizeof image);
  if (mtvm_digits_run(&inputs, &outputs) != MTVM_OK) {
    finish(1);
  }
  finish(memcmp(outputs.logits, logits, sizeof logits) == 0 ? 0 : 2);
}
"""


@pytest.fixture
def cubemx(tmp_path: Path) -> Path:
    """A project for an STM32F405."""
    directory = tmp_path / "demo"
    (directory / "Core" / "Src").mkdir(parents=True)
    (directory / "demo.ioc").write_text(IOC + "Mcu.UserName=STM32F405RGTx\n")
    (directory / "Makefile").write_text(MAKEFILE)
    (directory / "CMakeLists.txt").write_text(CMAKE)
    (directory / "flash.ld").write_text(LINKER_SCRIPT)
    with np.load(DIGITS / "test_images.npz") as archive:
        image, logits = archive["image"][0], archive["reference"][0]
    main = MAIN.replace("IMAGE", ", ".join(map(str, image.ravel())))
    main = main.replace("LOGITS", ", ".join(map(str, logits.ravel())))
    (directory / "Core" / "Src" / "main.c").write_text(main)
    return directory


def add(
    directory: Path, *, model: Path = MODEL, force: bool = False, **options: object
) -> Addition:
    raw = {"board": "netduinoplus2", "model_entrypoint_api": "c", **options}
    return add_to_cubemx(model, directory, parse_options(raw, "generate_project"), force=force)


def state(directory: Path) -> dict[str, str]:
    """Every file and its content."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_one_folder_is_added_and_nothing_else_changes(cubemx: Path) -> None:
    before = state(cubemx)
    added = add(cubemx)
    after = state(cubemx)
    assert added.changed == ()
    assert {path: after[path] for path in before} == before
    new = set(after) - set(before)
    assert all(path.startswith("microtvm/") for path in new)
    assert {"microtvm/CMakeLists.txt", "microtvm/microtvm.mk", "microtvm/README.md"} <= new
    assert "microtvm/src/model/mtvm_digits.h" in new
    assert not [path for path in new if "/port/" in path or "/app/" in path]


def test_force_brings_it_in_and_only_once(cubemx: Path) -> None:
    assert [path.name for path in add(cubemx, force=True).changed] == ["CMakeLists.txt", "Makefile"]
    makefile = (cubemx / "Makefile").read_text()
    assert makefile.index("include microtvm/microtvm.mk") < makefile.index("OBJECTS =")
    assert add(cubemx, force=True).changed == ()


def test_it_is_replaced_only_by_force(cubemx: Path) -> None:
    add(cubemx)
    before = state(cubemx)
    with pytest.raises(ProjectError, match="exists already"):
        add(cubemx)
    assert state(cubemx) == before
    add(cubemx, model=DATA / "foo_c.tar", force=True)
    assert (cubemx / "microtvm/src/model/mtvm_foo.h").is_file()
    assert not (cubemx / "microtvm/src/model/mtvm_digits.h").exists()


def test_a_folder_of_the_users_is_never_replaced(cubemx: Path) -> None:
    (cubemx / "microtvm").mkdir()
    (cubemx / "microtvm" / "mine.c").touch()
    with pytest.raises(ProjectError, match="not of microtvm-boards"):
        add(cubemx, force=True)
    assert (cubemx / "microtvm" / "mine.c").is_file()


def test_another_chip_is_refused(cubemx: Path) -> None:
    (cubemx / "demo.ioc").write_text(IOC + "Mcu.UserName=STM32F446RETx\n")
    with pytest.raises(UsageError, match="for STM32F446RETx, board netduinoplus2 has STM32F405RG"):
        add(cubemx)
    assert not (cubemx / "microtvm").exists()


@pytest.mark.parametrize(
    ("iocs", "message"),
    [
        ({}, "there is no .ioc file in it"),
        ({"a.ioc": "", "b.ioc": ""}, "has several .ioc files: a.ioc, b.ioc"),
        ({"a.ioc": IOC}, "doesn't name its chip"),
    ],
)
def test_it_has_to_be_one_project(tmp_path: Path, iocs: dict[str, str], message: str) -> None:
    for name, text in iocs.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ProjectError, match=message):
        add(tmp_path)


@pytest.mark.parametrize(
    "options",
    [
        {"model_entrypoint_api": "packed"},
        {"platform": "baremetal"},
        {"pools": "global_workspace:CCMRAM"},
        {"board": "mps2_an386"},
    ],
)
def test_what_is_the_users_own_is_refused(cubemx: Path, options: dict[str, object]) -> None:
    before = state(cubemx)
    with pytest.raises(MicroTvmBoardsError):
        add(cubemx, **options)
    assert state(cubemx) == before


@pytest.mark.stm32cube
@pytest.mark.qemu
@pytest.mark.parametrize("tool", ["make", "cmake"])
def test_it_builds_with_the_users_tool_and_answers_right(cubemx: Path, tool: str) -> None:
    package = need_package(load_board("netduinoplus2"))
    for program in (tool, "arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    add(cubemx, force=True)
    if tool == "make":
        subprocess.run(["make", "-C", cubemx, f"CUBE={package}"], check=True)
        firmware = cubemx / "build" / "demo.elf"
    else:
        build = cubemx / "out"
        subprocess.run(["cmake", "-S", cubemx, "-B", build, f"-DCUBE={package}"], check=True)
        subprocess.run(["cmake", "--build", build], check=True)
        firmware = build / "demo"
    command = ["qemu-system-arm", "-M", "netduinoplus2", "-display", "none", "-monitor", "none"]
    command += ["-semihosting-config", "enable=on,target=native", "-kernel", str(firmware)]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0
