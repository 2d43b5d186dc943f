"""Sizes of firmwares that the real compilers linked."""

from __future__ import annotations

import contextlib
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microtvm_boards.boards import load_board
from microtvm_boards.errors import ProjectError
from microtvm_boards.firmware.memory_use import ELSEWHERE, memory_use
from microtvm_boards.platforms import MemoryUse, get_platform
from tests.platforms.conftest import MakeProject

ARM_MAIN = """
int initialised[25] = {1};                                      /* 100 bytes, in RAM and flash */
char cleared[300];
const char constant[400] = {1};
__attribute__((section(".pool"))) char pool[5000];
__attribute__((section(".vectors"), used)) static void *const vectors[16];
int reset(void) { return initialised[0] + cleared[1] + constant[2] + pool[3]; }
"""


@pytest.mark.qemu
def test_every_byte_counts_in_the_memory_that_holds_it(toy: MakeProject) -> None:
    project = toy("mps2_an386", main=ARM_MAIN)
    use = {m.memory: m for m in get_platform("baremetal").build(project).memory}

    assert list(use) == ["FLASH", "RAM", "PSRAM"]
    assert use["RAM"] == MemoryUse("RAM", 4096 + 100 + 300, 4 << 20)  # the stack counts
    assert use["PSRAM"] == MemoryUse("PSRAM", 5000, 16 << 20)
    assert 64 + 400 + 100 < use["FLASH"].used_bytes < 64 + 400 + 100 + 100  # and a little code


@pytest.mark.qemu
def test_sizes_are_those_that_the_linker_prints(toy: MakeProject) -> None:
    project = toy("mps2_an386", main=ARM_MAIN)
    result = get_platform("baremetal").build(project)
    printed = re.findall(r"^ *(\w+): +(\d+) B", result.log.read_text(), re.MULTILINE)
    assert {name: int(size) for name, size in printed} == {
        m.memory: m.used_bytes for m in result.memory
    }


@pytest.mark.qemu
def test_what_lies_in_no_memory_of_the_board_is_shown(toy: MakeProject) -> None:
    project = toy("mps2_an386", main=ARM_MAIN)
    firmware = get_platform("baremetal").build(project).firmware
    without_psram = [m for m in project.board.memories if m.name != "PSRAM"]
    assert memory_use(firmware, without_psram)[-1] == MemoryUse(ELSEWHERE, 5000, None)


@pytest.mark.tools
def test_the_host_has_kinds_of_sections_and_no_limits(toy: MakeProject) -> None:
    main = "char big[100000]; int data[1000] = {1}; int main(void) { return big[data[0]]; }"
    use = {m.memory: m for m in get_platform("host").build(toy("host", main=main)).memory}
    assert list(use) == ["text", "data", "bss"]
    assert 100000 <= use["bss"].used_bytes < 101000
    assert 4000 <= use["data"].used_bytes < 6000
    assert use["text"].size_bytes is None


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"text", bytes(1000)])
def test_a_file_that_is_no_elf_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "firmware.elf"
    path.write_bytes(content)
    with pytest.raises(ProjectError, match="can't be read as an ELF"):
        memory_use(path, ())


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="can't be read as an ELF"):
        memory_use(tmp_path / "firmware.elf", ())


@pytest.fixture(scope="module")
def small_elf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("elf")
    (folder / "a.c").write_text("int reset, x = 3;")
    command = ["arm-none-eabi-gcc", "-nostdlib", "-Wl,-e0", "a.c", "-o", "a.elf"]
    subprocess.run(command, cwd=folder, check=True)
    return (folder / "a.elf").read_bytes()


@pytest.mark.qemu
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_elf_raises_nothing_but_project_errors(
    tmp_path: Path, small_elf: bytes, data: st.DataObject
) -> None:
    content = bytearray(small_elf)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "firmware.elf"
    path.write_bytes(content)
    with contextlib.suppress(ProjectError):
        memory_use(path, ())
        memory_use(path, load_board("mps2_an386").memories)
