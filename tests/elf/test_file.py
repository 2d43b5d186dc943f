"""What is read of ELF files; of damaged ones ElfError and nothing else."""

from __future__ import annotations

import contextlib
import re
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microtvm_boards.elf import FUNCTION, OBJECT, CutElfError, Elf, ElfError
from tests.elf.conftest import object_in
from tests.flashers.elf import FLASH, RAM, write_elf


@pytest.mark.tools
def test_an_object_says_what_it_defines_and_wants(arm_object: Path) -> None:
    elf = Elf.open(arm_object)
    symbols = {s.name: s for s in elf.symbols if s.name}
    assert (elf.machine, elf.kind) == ("EM_ARM", "ET_REL")
    assert symbols["own"].is_local
    assert symbols["caller"].is_global
    assert symbols["caller"].kind == FUNCTION
    assert not symbols["weak"].is_local
    assert not symbols["weak"].is_global
    assert not symbols["called"].is_defined
    assert (symbols["cleared"].kind, symbols["cleared"].size) == (OBJECT, 300)
    section = elf.section_of(symbols["cleared"])
    assert section is not None
    assert (section.name, section.size, elf.content(section)) == (".bss", 300, b"")
    assert elf.section_of(symbols["called"]) is None


@pytest.mark.tools
def test_its_sections_are_those_that_readelf_lists(arm_object: Path) -> None:
    listed = subprocess.run(
        ["arm-none-eabi-readelf", "-SW", arm_object], capture_output=True, text=True, check=True
    )
    # [Nr] Name Type Addr Off Size ES Flg Lk Inf Al
    rows = re.findall(
        r"\] (\S+) +\S+ +(\w{8}) (\w+) (\w+) \w+ +([A-Z]*) +(\d+) +(\d+) +\d+$",
        listed.stdout,
        re.MULTILINE,
    )
    sections = Elf.open(arm_object).sections[1:]
    assert [
        (s.name, f"{s.address:08x}", f"{s.offset:06x}", f"{s.size:06x}", str(s.link), str(s.info))
        for s in sections
    ] == [(*row[:4], *row[5:]) for row in rows]
    for section, row in zip(sections, rows, strict=True):
        said = section.is_written, section.takes_memory, section.is_code
        assert said == tuple(letter in row[4] for letter in "WAX")


@pytest.mark.tools
def test_relocations_are_of_the_section_that_they_change(arm_object: Path) -> None:
    elf = Elf.open(arm_object)
    text, data = elf.section(".text"), elf.section(".data")
    assert text is not None
    assert data is not None
    # Thumb calls (R_ARM_THM_CALL), and an address (R_ARM_ABS32).
    assert {(r.kind, r.symbol.name) for r in elf.relocations(text)} == {
        (10, "called"),
        (10, "weak"),
    }
    assert [r.kind for r in elf.relocations(data)] == [2]
    assert elf.relocations(elf.sections[0]) == []


@pytest.mark.tools
def test_attributes_are_arms(arm_object: Path) -> None:
    assert Elf.open(arm_object).arm_attributes()["TAG_CPU_ARCH"] == 13  # v7E-M
    assert Elf(object_in("objects_x86.tar")).arm_attributes() == {}


def test_segments_are_what_is_loaded(tmp_path: Path) -> None:
    path = write_elf(tmp_path / "a.elf", [(FLASH, FLASH, b"code"), (RAM, FLASH + 4, b"data")])
    elf = Elf.open(path)
    found = [(s.load_address, elf.content(s)) for s in elf.segments]
    assert found == [(FLASH, b"code"), (FLASH + 4, b"data")]
    cut = Elf(path.read_bytes()[:-1])
    with pytest.raises(CutElfError, match="cut short"):
        cut.content(cut.segments[1])


@pytest.mark.tools
def test_a_compressed_section_is_not_taken_for_its_content(arm_object: Path) -> None:
    data = bytearray(arm_object.read_bytes())
    elf = Elf(bytes(data))
    assert elf.symbol_table is not None
    headers = struct.unpack_from("<I", data, 32)[0]  # e_shoff
    data[headers + 40 * elf.symbol_table.number + 9] |= 8  # SHF_COMPRESSED
    with pytest.raises(ElfError):
        read_all(bytes(data))


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"text", bytes(1000), b"\x7fELF\x01\x01\x01"])
def test_what_is_no_elf_is_an_error(data: bytes) -> None:
    with pytest.raises(ElfError, match=r"\w"):
        Elf(data)


@pytest.mark.tools
def test_more_sections_than_can_be_are_refused_before_they_are_read(arm_object: Path) -> None:
    data = bytearray(arm_object.read_bytes())
    start = struct.unpack_from("<I", data, 32)[0]
    struct.pack_into("<H", data, 48, 0)  # e_shnum: the number is the size of section 0
    struct.pack_into("<I", data, start + 20, 0xFFFFFFFF)
    with pytest.raises(ElfError, match="number of sections"):
        Elf(bytes(data))


@pytest.mark.tools
def test_a_name_without_an_end_is_no_name(arm_object: Path) -> None:
    data = arm_object.read_bytes()
    elf = Elf(data)
    assert elf.symbol_table is not None
    names = elf.sections[elf.symbol_table.link]
    long = data[: names.offset] + b"x" * names.size + data[names.offset + names.size :]
    assert {s.name for s in Elf(long).symbols} == {""}


def read_all(data: bytes) -> None:
    elf = Elf(data)
    assert all(isinstance(s.name, str) for s in elf.symbols)
    for part in (*elf.sections, *elf.segments):
        with contextlib.suppress(CutElfError):
            elf.content(part)
    for section in elf.sections:
        elf.relocations(section)
    for symbol in elf.symbols:
        elf.section_of(symbol)
    elf.arm_attributes()


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_file_is_read_or_raises_the_one_error(data: st.DataObject) -> None:
    good = object_in(data.draw(st.sampled_from(("objects_arm.tar", "objects_packed_x86.tar"))))
    bad = bytearray(good)
    # Headers at both ends of the file say most.
    near = st.one_of(
        st.integers(0, 63), st.integers(len(bad) - 1024, len(bad) - 1), st.integers(0, len(bad) - 1)
    )
    for _ in range(data.draw(st.integers(1, 8))):
        bad[data.draw(near)] = data.draw(st.integers(0, 255))
    for damaged in (bad, bad[: data.draw(st.integers(0, len(bad)))]):
        with contextlib.suppress(ElfError):
            read_all(bytes(damaged))
