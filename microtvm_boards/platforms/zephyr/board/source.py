"""The devicetree of one of Zephyr's boards from its sources, before anything is configured.

No preprocessor runs: includes are followed, sizes like DT_SIZE_K(64) counted, the rest of what
macros say is left out. What a build makes of it is in its zephyr.dts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from microtvm_boards.boards.board import Memory
from microtvm_boards.platforms.zephyr.board.devicetree import Devicetree, regions
from microtvm_boards.platforms.zephyr.board.tree import ZephyrTree, present_modules

_INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+\.dtsi?)[>"].*$', re.MULTILINE)
_DIRECTIVE = re.compile(
    r"^\s*#\s*(?:include|define|undef|if|ifdef|ifndef|else|elif|endif)\b.*$", re.MULTILINE
)
_LINE_COMMENT = re.compile(r"//[^\n]*")
_SIZE = re.compile(r"DT_SIZE_([KM])\(\s*(\d+)\s*\)")
_PRODUCT = re.compile(r"\(\s*(\d+)\s*\*\s*(\d+)\s*\)")
_KIB = 1024
# Where RAM is taken to be when nothing says it: apart from flash.
_RAM_ORIGIN = 0x20000000
_UNITS = {"K": 1024, "M": 1024 * 1024}
_DEEPEST = 20  # includes within includes


@dataclass(frozen=True)
class Described:
    """What a tree says about a board; `facts`: further keys of the section `zephyr` of its file."""

    memories: tuple[Memory, ...] = ()
    facts: Mapping[str, str | list[str]] = field(default_factory=dict)


def describe(
    target: str, path: Path | None, facts: Mapping[str, Any], tree: ZephyrTree | None
) -> Described:
    """The board `target`, whose file for the test runner is `path` and says `facts`.

    A program of this computer has no memories; where there are no sources of a devicetree, they are
    those of the test runner's file.
    """
    arch = facts.get("arch")
    if path is None or tree is None or arch == "posix":
        return Described()
    plain = re.sub("@[^/]*", "", target)
    names = dict.fromkeys((path.stem, plain.replace("/", "_"), plain.split("/")[0]))
    dts = next((f for n in names if (f := path.with_name(f"{n}.dts")).is_file()), None)
    if dts is None:
        return Described(_memories(facts, None))
    devicetree, soc = read_source(dts, arch if isinstance(arch, str) else None, tree)
    memories = _memories(facts, devicetree)
    found: dict[str, str | list[str]] = {
        key: text
        for key, text in {"cpu": processor(devicetree), "soc": soc}.items()
        if re.fullmatch("[a-z0-9_/.+-]+", text)
    }
    used = {memory.name for memory in memories}
    nodes = [r.label for r in regions(devicetree) if r.name in used and not r.declared]
    return Described(memories, {**found, **({"plain_memories": nodes} if nodes else {})})


def read_source(dts: Path, arch: str | None, tree: ZephyrTree) -> tuple[Devicetree, str]:
    """The devicetree, and the folder of the first file that the board's own includes: of its SoC
    ("st/f7"), "" when there is none.

    Files that aren't there (of modules that weren't fetched) are left out.
    """
    # As cmake/modules/dts.cmake (3.2 to 4.x) searches.
    places = [dts.parent]
    for root in (tree.base, *present_modules(tree)):
        folder = root / "dts"
        places += [folder, folder / "common", folder / "vendor"]
        places += [folder / arch] if arch else []
    text = "".join(_expanded(dts, places, _DEEPEST))
    text = _SIZE.sub(lambda m: str(int(m[2]) * _UNITS[m[1]]), text)
    text = _PRODUCT.sub(lambda m: str(int(m[1]) * int(m[2])), text)
    first = _INCLUDE.search(dts.read_text(errors="replace"))
    soc = first[1].rpartition("/")[0] if first else ""
    return Devicetree.parse(_LINE_COMMENT.sub("", _DIRECTIVE.sub("", text))), soc


def _expanded(path: Path, places: Sequence[Path], depth: int) -> Iterator[str]:
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return
    at = 0
    for match in _INCLUDE.finditer(text):
        yield text[at : match.start()]
        at = match.end()
        beside = [path.parent, *places]
        found = next((p / match[1] for p in beside if (p / match[1]).is_file()), None)
        if found is not None and depth:
            yield from _expanded(found, places, depth - 1)
    yield text[at:]


def processor(tree: Devicetree) -> str:
    """GCC's name of the first core, with a last f where it has an FPU: cortex-m4f. "" where the
    devicetree doesn't tell, or it isn't Arm's."""
    for path, node in tree.nodes.items():
        if re.fullmatch(r"/cpus/cpu@[0-9a-f]+", path):
            arm = [name for name in node.strings("compatible") if name.startswith("arm,cortex-")]
            return arm[0].removeprefix("arm,") if arm else ""
    return ""


def _memories(facts: Mapping[str, Any], devicetree: Devicetree | None) -> tuple[Memory, ...]:
    """The main flash and RAM, and regions for pools. Empty where a main one isn't known."""
    main = []
    for name, chosen, key, origin in (
        ("FLASH", "zephyr,flash", "flash", 0),
        ("RAM", "zephyr,sram", "ram", _RAM_ORIGIN),
    ):
        node = devicetree.chosen(chosen) if devicetree else None
        region = (node.region() if node else None) or (origin, 0)
        # An expression that wasn't understood is no size.
        known = region[1] if region[1] >= _KIB else _size(facts.get(key))
        if not known:
            return ()
        main.append(Memory(name, region[0], known, (name.lower(),)))
    found = list(main)
    for r in regions(devicetree) if devicetree else ():
        memory = Memory(r.name, r.origin, r.size, (r.use,))
        if r.use == "ram" and all(_apart(memory, other) for other in found):
            found.append(memory)
    if not all(_apart(*main) and m.origin + m.size <= 1 << 32 for m in found):
        return ()
    return tuple(found)


def _apart(one: Memory, other: Memory) -> bool:
    beside = one.origin >= other.origin + other.size or other.origin >= one.origin + one.size
    return beside and one.name != other.name


def _size(kib: object) -> int:
    """Bytes; 0 when it isn't a size that a board of 32 bits can have."""
    if isinstance(kib, bool) or not isinstance(kib, (int, float)):
        return 0
    size = int(kib * _KIB)
    return size if 0 < size < (1 << 32) - _RAM_ORIGIN else 0
