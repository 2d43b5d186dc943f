"""A CMSIS pack with one chip, STM32F446RETx, and a flash algorithm of stubs that was compiled."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

CHIP = "STM32F446RETx"
_PDSC = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<package schemaVersion="1.4">
  <vendor>Test</vendor><name>TEST_DFP</name><description>One chip</description>
  <releases><release version="1.0.0" date="2026-01-01">The first</release></releases>
  <devices>
    <family Dfamily="STM32F4" Dvendor="STMicroelectronics:13">
      <processor Dcore="Cortex-M4" DcoreVersion="r0p1" Dfpu="1" Dmpu="1" Dendian="Little-endian"/>
      <device Dname="{CHIP}">
        <debug svd="chip.svd"/>
        <memory id="IROM1" start="0x08000000" size="0x20000" startup="1" default="1"/>
        <memory id="IRAM1" start="0x20000000" size="0x10000" default="1"/>
        <algorithm name="chip.FLM" start="0x08000000" size="0x20000" default="1"/>
      </device>
    </family>
  </devices>
</package>
"""
_ALGORITHM = """\
typedef unsigned word;
int Init(word address, word clock, word what) { (void)address; (void)clock; return (int)what; }
int UnInit(word what) { return (int)what; }
int EraseSector(word address) { return (int)address; }
int ProgramPage(word address, word size, void *data) { (void)data; return (int)(address + size); }
struct device {
  unsigned short version; char name[128]; unsigned short type;
  word start, size, page, reserved; unsigned char erased, pad[3];
  word program_ms, erase_ms, sectors[4];
};
__attribute__((section("DevDscr"), used)) const struct device FlashDevice = {
  0x101, "one chip", 1, 0x08000000, 0x20000, 1024, 0, 0xff, {0}, 100, 6000,
  {0x4000, 0, 0xffffffff, 0xffffffff}
};
"""
_LINKER_SCRIPT = """\
SECTIONS { PrgCode 0 : { *(.text*) } DevDscr : { *(DevDscr) } /DISCARD/ : { *(.ARM*) *(.comment) } }
"""


def write_pack(directory: Path) -> Path:
    """The path of the .pack file. It needs arm-none-eabi-gcc."""
    directory.mkdir(parents=True)
    source, script, elf = (directory / name for name in ("chip.c", "chip.ld", "chip.FLM"))
    source.write_text(_ALGORITHM)
    script.write_text(_LINKER_SCRIPT)
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-Os", "-nostdlib", "-Wl,-eInit"]
    subprocess.run([*command, f"-Wl,-T,{script}", str(source), "-o", str(elf)], check=True)
    path = directory / "Test.TEST_DFP.1.0.0.pack"
    with zipfile.ZipFile(path, "w") as pack:
        pack.writestr("Test.TEST_DFP.pdsc", _PDSC)
        pack.write(elf, "chip.FLM")
    return path


def install_pack(pack: Path, data_home: Path) -> None:
    """As `pyocd pack install` leaves it under $XDG_DATA_HOME."""
    folder = data_home / "cmsis-pack-manager"
    installed = folder / "Test" / "TEST_DFP" / "1.0.0.pack"
    installed.parent.mkdir(parents=True)
    installed.write_bytes(pack.read_bytes())
    origin = {"vendor": "Test", "pack": "TEST_DFP", "version": "1.0.0"}
    (folder / "index.json").write_text(json.dumps({CHIP: {"name": CHIP, "from_pack": origin}}))
