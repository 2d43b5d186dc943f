"""What a Zephyr build knows of its board: zephyr.dts and .config of the configure step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from microtvm_boards.boards import Memory
from microtvm_boards.platforms.zephyr.board.devicetree import Devicetree, regions

_KIB = 1024


def read_config(path: Path) -> dict[str, str]:
    """The settings of a .config that are set: CONFIG_X -> its value without quotes."""
    pairs = re.findall(r"^(CONFIG_\w+)=(.*)$", path.read_text(errors="replace"), re.MULTILINE)
    return {name: value.strip('"') for name, value in pairs}


def memories(config: Mapping[str, str], tree: Devicetree) -> tuple[Memory, ...]:
    """Where the linker can put things: flash without the space before the image, main RAM, and
    regions of their own. Empty on the host."""
    if config.get("CONFIG_ARCH_POSIX") == "y":
        return ()
    return (*_flash(config), *_ram(config), *_regions(tree))


def _number(config: Mapping[str, str], name: str) -> int:
    try:
        return int(config.get(name, "0"), 0)
    except ValueError:
        return 0


def _flash(config: Mapping[str, str]) -> Iterator[Memory]:
    size = _number(config, "CONFIG_FLASH_SIZE") * _KIB
    if config.get("CONFIG_XIP") == "y" and size:
        offset = _number(config, "CONFIG_FLASH_LOAD_OFFSET")
        size = _number(config, "CONFIG_FLASH_LOAD_SIZE") or size - offset
        yield Memory(
            "FLASH", _number(config, "CONFIG_FLASH_BASE_ADDRESS") + offset, size, ("flash",)
        )


def _ram(config: Mapping[str, str]) -> Iterator[Memory]:
    size = _number(config, "CONFIG_SRAM_SIZE") * _KIB
    if size:
        offset = _number(config, "CONFIG_SRAM_OFFSET")
        base = _number(config, "CONFIG_SRAM_BASE_ADDRESS") + offset
        use = ("ram",) if config.get("CONFIG_XIP") == "y" else ("flash", "ram")
        yield Memory("RAM", base, size - offset, use)


def _regions(tree: Devicetree) -> Iterator[Memory]:
    """Nodes that are compatible with zephyr,memory-region: DTCM and the like."""
    for region in regions(tree):
        if region.declared:
            yield Memory(region.name, region.origin, region.size, (region.use,))
