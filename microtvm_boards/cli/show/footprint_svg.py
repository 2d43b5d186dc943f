"""The parts of a firmware as an SVG: one bar a memory. One file without scripts or links."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from microtvm_boards.cli.show.colours import BLUE, GREEN, GREY, ORANGE, PINK, SKY, ink
from microtvm_boards.firmware.footprint import PARTS, Piece, totals
from microtvm_boards.platforms import MemoryUse

_WIDTH = 800
_BAR = 32
_LINE = 20  # of text
_TOP = 40
_DIGIT = 8.0  # the width of a character, at most
COLOURS = dict(zip(PARTS, (BLUE, ORANGE, GREEN, PINK, GREY, SKY), strict=True))
_STYLE = """
text { fill: #111111 } .paper { fill: #ffffff } .rest { fill: #dddddd } .used { fill: #444444 }
@media (prefers-color-scheme: dark) {
text { fill: #eeeeee } .paper { fill: #16181c } .rest { fill: #3a3e45 } .used { fill: #c8ccd2 } }
"""


def draw(title: str, use: Sequence[MemoryUse], pieces: Iterable[Piece]) -> str:
    """A bar for every memory with something in it, as long as what is used; the thin line under it
    is the whole memory. Below are the parts with their bytes."""
    sums = totals(pieces, "memory", "part")
    lines: list[str] = []
    top = _TOP
    for memory in use:
        if memory.used_bytes > 0:
            parts = [(part, sums[memory.memory, part]) for part in PARTS]
            drawn, top = _bar(top, memory, [(p, size) for p, size in parts if size > 0])
            lines += drawn
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" '
            f'width="{_WIDTH}" height="{top}" font-family="sans-serif" font-size="13">',
            f"<style>{_STYLE}</style>",
            '<rect class="paper" width="100%" height="100%"/>',
            f'<text x="8" y="22" font-size="15" font-weight="bold">{escape(_short(title))}</text>',
            *lines,
            "</svg>",
            "",
        ]
    )


def _short(title: str) -> str:
    most = int((_WIDTH - 16) / _DIGIT) - 1
    return title if len(title) <= most else title[: most - 3] + "..."


def _bar(top: int, memory: MemoryUse, parts: Sequence[tuple[str, int]]) -> tuple[list[str], int]:
    """The bar and its list of parts, and where the next one starts."""
    text = f"{memory.memory}: {memory.used_bytes:,} bytes"
    if memory.size_bytes:
        share = 100 * memory.used_bytes / memory.size_bytes
        text += f" of {memory.size_bytes:,} ({share:.1f} %)"
    lines = [f'<text x="8" y="{top + 14}">{escape(text)}</text>']
    room = _WIDTH - 16
    x = 8.0
    for part, size in parts:
        width = room * size / memory.used_bytes
        lines.append(
            f'<rect x="{x:.2f}" y="{top + 20}" width="{width:.2f}" height="{_BAR}" '
            f'fill="{COLOURS[part]}"><title>{part}: {size:,} bytes</title></rect>'
        )
        label = f"{part} {100 * size / memory.used_bytes:.0f} %"
        if width > _DIGIT * len(label) + 8:
            style = f"fill:{ink(COLOURS[part])}"  # wins over that of all text
            lines.append(f'<text x="{x + 6:.2f}" y="{top + 41}" style="{style}">{label}</text>')
        x += width
    top += 20 + _BAR
    if memory.size_bytes:
        used = room * min(1.0, memory.used_bytes / memory.size_bytes)
        lines.append(f'<rect class="rest" x="8" y="{top + 4}" width="{room}" height="4"/>')
        lines.append(f'<rect class="used" x="8" y="{top + 4}" width="{used:.2f}" height="4"/>')
        top += 8
    listed, top = _list(top + 8, parts)
    return [*lines, *listed], top + 16


def _list(top: int, parts: Sequence[tuple[str, int]]) -> tuple[list[str], int]:
    """As many parts in a line as it has room for."""
    lines = []
    x = 8.0
    for part, size in parts:
        text = f"{part} {size:,}"
        width = 18 + _DIGIT * len(text) + 12
        if x > 8 and x + width > _WIDTH:
            x, top = 8.0, top + _LINE
        lines.append(
            f'<rect x="{x:.0f}" y="{top + 2}" width="12" height="12" fill="{COLOURS[part]}"/>'
        )
        lines.append(f'<text x="{x + 18:.0f}" y="{top + 13}">{text}</text>')
        x += width
    return lines, top + _LINE
