"""A small Zephyr tree of plain files: what is looked at before CMake is started."""

from __future__ import annotations

from pathlib import Path

MANIFEST = """\
manifest:
  projects:
    - name: cmsis
      path: modules/hal/cmsis
    - name: hal_stm32
      path: modules/hal/stm32
    - name: hal_nordic
      path: modules/hal/nordic
  self:
    path: zephyr
    import: submanifests
"""
LIST_BOARDS = """\
import sys
print("arm:")
for name in ("disco_l4", "disco_l4_v2", "qemu_m3"):
    print(f"  {name}")
print("posix:")
print("  native_posix_64")
"""
BOARDS = {
    "arm/disco_l4/disco_l4.yaml": "identifier: disco_l4\nname: Disco L4\narch: arm\n"
    "ram: 128\nflash: 1024\n",
    "arm/qemu_m3/qemu_m3.yaml": "identifier: qemu_m3\nname: QEMU M3\narch: arm\nram: 64\n"
    "flash: 256\n",
    "posix/native/native_posix_64.yaml": "identifier: native_posix_64\nname: Native\narch: posix\n"
    "ram: 65536\nflash: 65536\n",
    "nordic/duo/duo_nrf1_app.yaml": "identifier: duo/nrf1/app\nname: Duo\narch: arm\nram: 256\n"
    "flash: 1024\n",
    "nordic/duo/duo_nrf1_net.yaml": "identifier: duo/nrf1/net\nname: Duo net\narch: riscv\n"
    "ram: 32\nflash: 256\n",
}


def make_tree(parent: Path, version: str = "3.4.0", extra: str = "") -> Path:
    """`parent`/zephyr, of that version, with the modules cmsis and hal_nordic beside it."""
    base = parent / "zephyr"
    numbers = dict(
        zip(("VERSION_MAJOR", "VERSION_MINOR", "PATCHLEVEL"), version.split("."), strict=True)
    )
    lines = [f"{name} = {number}" for name, number in numbers.items()]
    write(base / "VERSION", "\n".join([*lines, "VERSION_TWEAK = 0", f"EXTRAVERSION = {extra}"]))
    write(base / "Kconfig.zephyr", "")
    write(base / "west.yml", MANIFEST)
    names = LIST_BOARDS if version < "3.7" else 'print("duo")\nprint("disco_l4")\n'
    write(base / "scripts/list_boards.py", names)
    for path, text in BOARDS.items():
        write(base / "boards" / path, text)
    for module in ("hal/cmsis", "hal/nordic"):
        write(parent / "modules" / module / "zephyr/module.yml", "build:\n  cmake: .\n")
    return base


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
