"""A devicetree as Zephyr writes it: nodes, labels, what is chosen, and where memory is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# The UART of the port, first match counts: src/port/zephyr/port.c has the same order.
UART_CHOICES = ("mtvm,uart", "zephyr,shell-uart", "zephyr,console")
REGION = "zephyr,memory-region"  # the linker has a region for nodes that are compatible with it

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
        """Reads the one file that Zephyr's build writes: merged, no includes, no macros."""
        return cls.parse(path.read_text(errors="replace"))

    @classmethod
    def parse(cls, text: str) -> Devicetree:
        """`text`: source without includes and directives; `&label { ... }` adds to a node."""
        nodes: dict[str, Node] = {}
        labels: dict[str, Node] = {}
        opened: list[Node | None] = []
        current: Node | None = None
        for match in _TOKEN.finditer(_COMMENT.sub("", text)):
            if match["node"] is not None:
                opened.append(current)
                base = "" if current is None else current.path.rstrip("/")
                here = "/" if current is None else f"{base}/{match['node']}"
                known = labels.get(match["node"].removeprefix("&"))
                if match["node"].startswith("&"):
                    current = known or Node(match["node"], None)
                else:
                    current = nodes.setdefault(here, Node(here, current))
                labels.update(dict.fromkeys(re.findall(r"\w+", match["labels"]), current))
            elif match["end"] is not None:
                current = opened.pop() if opened else None
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


@dataclass(frozen=True)
class Region:
    """Memory of a node that is on, beside the main ones."""

    name: str  # as the linker knows it, or is to
    label: str
    origin: int
    size: int
    declared: bool  # the linker has a region of that name; else an overlay has to ask for one
    use: str  # as Memory.use: "ram", or "flash" for a chip outside


def regions(tree: Devicetree) -> tuple[Region, ...]:
    """Memories that overlap neither the main ones (zephyr,sram, zephyr,flash) nor one before."""
    taken = [
        region
        for name in ("zephyr,sram", "zephyr,flash")
        if (node := tree.chosen(name)) is not None and (region := node.region()) is not None
    ]
    found = []
    for node in tree.nodes.values():
        region = node.region() if _is_memory(node) else None
        if region is None or not region[1] or any(_overlap(region, other) for other in taken):
            continue
        taken.append(region)
        label, names = tree.label(node), node.strings(REGION)
        name = region_name(label) if not names else re.sub(r"\W", "_", names[0])
        outside = node.strings(f"{REGION}-mpu") in _OUTSIDE
        use = "flash" if outside else "ram"
        found.append(Region(name, label, *region, declared=bool(names), use=use))
    return tuple(found)


def region_name(label: str) -> str:
    """Of the region of a node that has none: its label in capitals."""
    return label.upper()


_OUTSIDE = (["EXTMEM"], ["FLASH"])  # of a chip that is read like memory once it is set up
_DEVICES = (["IO"], ["PPB"])


def _is_memory(node: Node) -> bool:
    if node.strings(f"{REGION}-mpu") in _DEVICES:
        return False
    kinds = {*node.strings("compatible"), *node.strings("device_type")}
    return node.okay and bool(kinds & {REGION, "mmio-sram", "memory"})


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[0] + other[1] and other[0] < one[0] + one[1]
