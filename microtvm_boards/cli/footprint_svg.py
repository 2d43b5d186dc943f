"""The parts of a firmware as an SVG: one bar a memory. One file without scripts or links."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from microtvm_boards.platforms import MemoryUse
from microtvm_boards.platforms.footprint import PARTS, Piece, totals

_WIDTH = 800
_BAR = 32
_STEP = 84  # from one bar to the next
_TOP = 64
# Told apart by people with any colour vision (Okabe and Ito).
COLOURS = dict(
    zip(PARTS, ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#999999", "#56b4e9"), strict=True)
)


def draw(title: str, use: Sequence[MemoryUse], pieces: Iterable[Piece]) -> str:
    """A bar for every memory with something in it, as long as what is used; the thin line under it
    is the whole memory. Resting the pointer on a part shows its bytes."""
    sums = totals(pieces, "memory", "part")
    shown = [m for m in use if m.used_bytes > 0]
    height = _TOP + _STEP * len(shown) + 8
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        f'<text x="8" y="20" font-size="15" font-weight="bold">{escape(title)}</text>',
        *_legend(),
    ]
    for number, memory in enumerate(shown):
        parts = [(part, sums[memory.memory, part]) for part in PARTS]
        lines += _bar(_TOP + number * _STEP, memory, parts)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _legend() -> Iterator[str]:
    for number, (part, colour) in enumerate(COLOURS.items()):
        x = 8 + 100 * number
        yield f'<rect x="{x}" y="32" width="12" height="12" fill="{colour}"/>'
        yield f'<text x="{x + 18}" y="43">{part}</text>'


def _bar(top: int, memory: MemoryUse, parts: Sequence[tuple[str, int]]) -> Iterator[str]:
    text = f"{memory.memory}: {memory.used_bytes:,} bytes"
    if memory.size_bytes:
        share = 100 * memory.used_bytes / memory.size_bytes
        text += f" of {memory.size_bytes:,} ({share:.1f} %)"
    yield f'<text x="8" y="{top + 14}">{escape(text)}</text>'
    room = _WIDTH - 16
    x = 8.0
    for part, size in parts:
        if size == 0:
            continue
        width = room * size / memory.used_bytes
        yield (
            f'<rect x="{x:.2f}" y="{top + 20}" width="{width:.2f}" height="{_BAR}" '
            f'fill="{COLOURS[part]}"><title>{part}: {size:,} bytes</title></rect>'
        )
        if width > 7.5 * len(f"{size:,}"):
            yield f'<text x="{x + 4:.2f}" y="{top + 41}" fill="#000000">{size:,}</text>'
        x += width
    if memory.size_bytes:
        used = room * min(1.0, memory.used_bytes / memory.size_bytes)
        y = top + 20 + _BAR + 4
        yield f'<rect x="8" y="{y}" width="{room}" height="4" fill="#dddddd"/>'
        yield f'<rect x="8" y="{y}" width="{used:.2f}" height="4" fill="#444444"/>'
