"""What a Zephyr build knows of its board: zephyr.dts and .config of the configure step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from microtvm_boards.boards import Memory

# The UART of the port, first match counts: src/port/zephyr/port.c has the same order.
UART_CHOICES = ("mtvm,uart", "zephyr,shell-uart", "zephyr,console")
_KIB = 1024

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<end>\}\s*;)
    | (?P<labels>(?:\w+:\s*)*)(?P<node>/|[\w,.+@&-]+)\s*\{
    | (?:\w+:\s*)*(?P<name>[\w,.+?\#/-]+)\s*(?:=\s*(?P<value>(?:"(?:\\.|[^"\\])*"|[^;"])*))?;
    )""",
    re.VERBOSE,
)


@dataclass
class Node:
    """`properties`: texts as they stand in the source; "" for those without a value."""

    path: str
    parent: Node | None
    properties: dict[str, str] = field(default_factory=dict)

    @property
    def okay(self) -> bool:
        return self.properties.get("status", '"okay"').strip().strip('"') in ("okay", "ok")

    def strings(self, name: str) -> list[str]:
        return re.findall(r'"([^"]*)"', self.properties.get(name, ""))

    def cells(self, name: str) -> list[int]:
        return [int(n, 0) for n in re.findall(r"\b(?:0x[0-9a-fA-F]+|\d+)\b", self._in_angles(name))]

    def _in_angles(self, name: str) -> str:
        return " ".join(re.findall(r"<([^>]*)>", self.properties.get(name, "")))

    def region(self) -> tuple[int, int] | None:
        """Address and size of the first entry of reg."""
        parent = self.parent.properties if self.parent else {}
        address, size = (_count(parent.get(f"#{kind}-cells")) for kind in ("address", "size"))
        cells = self.cells("reg")
        if size == 0 or len(cells) < address + size:
            return None
        return _join(cells[:address]), _join(cells[address : address + size])


def _count(text: str | None) -> int:
    match = re.search(r"0x[0-9a-fA-F]+|\d+", text or "")
    return int(match[0], 0) if match else 1


def _join(cells: list[int]) -> int:
    value = 0
    for cell in cells:
        value = value << 32 | cell
    return value


@dataclass(frozen=True)
class Devicetree:
    nodes: Mapping[str, Node]  # by path
    labels: Mapping[str, Node]

    @classmethod
    def read(cls, path: Path) -> Devicetree:
        """Reads the one file that Zephyr writes: merged, no includes, no macros."""
        nodes: dict[str, Node] = {}
        labels: dict[str, Node] = {}
        current: Node | None = None
        for match in _TOKEN.finditer(_COMMENT.sub("", path.read_text(errors="replace"))):
            if match["node"] is not None:
                base = "" if current is None else current.path.rstrip("/")
                here = "/" if current is None else f"{base}/{match['node']}"
                current = nodes.setdefault(here, Node(here, current))
                labels.update(dict.fromkeys(re.findall(r"\w+", match["labels"]), current))
            elif match["end"] is not None:
                current = current.parent if current else None
            elif current is not None:
                current.properties[match["name"]] = match["value"] or ""
        return cls(nodes, labels)

    def chosen(self, name: str) -> Node | None:
        """The node behind a property of /chosen: a label or a path."""
        chosen = self.nodes.get("/chosen")
        text = chosen.properties.get(name, "").strip() if chosen else ""
        if match := re.search(r"&(\w+)", text):
            return self.labels.get(match[1])
        return self.nodes.get(text.strip('"'))

    def uart(self) -> Node | None:
        """The UART that the firmware talks over; None when the board chooses none that is on."""
        for name in UART_CHOICES:
            node = self.chosen(name)
            if node is not None:
                return node if node.okay else None
        return None

    def label(self, node: Node) -> str:
        return next((label for label, known in self.labels.items() if known is node), node.path)

    def uarts(self) -> list[str]:
        """Labels of what looks like a UART and is on."""
        return [
            self.label(node)
            for path, node in self.nodes.items()
            if re.search(r"/(us?art|lpuart|serial)[^/]*$", path) and node.okay
        ]


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
    main = tree.chosen("zephyr,sram")
    for node in tree.nodes.values():
        names, region = node.strings("zephyr,memory-region"), node.region()
        if names and region and node.okay and node is not main and region[1]:
            yield Memory(names[0], region[0], region[1], ("ram",))
