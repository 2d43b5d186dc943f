"""A profile as one HTML file: no scripts, nothing from the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from microtvm_boards.analysis.profile import Profile

_WIDTH = 960
_HEIGHT = 240
_LEFT = 72  # for the numbers of the axis
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
_STYLE = """
body { font: 14px sans-serif; margin: 24px auto; max-width: 1040px; color: #111; background: #fff }
table { border-collapse: collapse; margin: 16px 0 } td, th { padding: 3px 10px; text-align: right }
th { border-bottom: 1px solid #888 } td:last-child, th:last-child { text-align: left }
tr:nth-child(even) td { background: #f4f4f4 } .swatch { display: inline-block; width: 10px;
height: 10px; margin-right: 6px } svg { max-width: 100%; height: auto }
"""


def report(found: Profile, document: Mapping[str, Any]) -> str:
    """`document`: the same profile as cli.profile.profile_json gives it."""
    title = f"{found.model} on {found.board}"
    counted = document["total_instructions"]
    amount = f"{found.total_ticks:,.0f} ticks"
    if counted is not None:
        amount = f"{counted:,} instructions ({amount})"
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
            f"<style>{_STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            f"<p>{amount} a run, {1e3 * found.total_ticks / found.clock_hz:,.3f} ms at "
            f"{found.clock_hz / 1e6:,.10g} MHz; the median of {found.runs} "
            f"{'run' if found.runs == 1 else 'runs'}.</p>",
            "<h2>Live memory over time</h2>",
            "<p>Each box is one operator: as wide as the time it takes, as high as the bytes that "
            "hold something while it runs (tensors between operators, and its own scratch). "
            "The dashed line is the workspace that TVM counts.</p>",
            *_timeline(found),
            "<h2>Operators</h2>",
            *_table(found, document),
            "</body></html>",
            "",
        ]
    )


def _timeline(found: Profile) -> Iterator[str]:
    top = max([found.workspace_bytes, *(o.live_bytes for o in found.operators), 1])
    room = _WIDTH - _LEFT - 8

    def y(size: float) -> float:
        return 16 + _HEIGHT * (1 - size / top)

    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT + 48}" '
        f'width="{_WIDTH}" height="{_HEIGHT + 48}" font-size="12">'
    )
    for tick in range(5):
        size = top * tick / 4
        yield (
            f'<line x1="{_LEFT}" x2="{_WIDTH - 8}" y1="{y(size):.1f}" y2="{y(size):.1f}" '
            'stroke="#ddd"/>'
        )
        yield (
            f'<text x="{_LEFT - 6}" y="{y(size) + 4:.1f}" text-anchor="end">{size:,.0f} B</text>'
        )
    x = float(_LEFT)
    whole = found.total_ticks or 1.0
    for o in found.operators:
        width = room * o.ticks / whole
        yield (
            f'<rect x="{x:.2f}" y="{y(o.live_bytes):.1f}" width="{max(width, 0.5):.2f}" '
            f'height="{y(0) - y(o.live_bytes):.1f}" fill="{_colour(o.number)}" stroke="#fff" '
            f'stroke-width="0.5"><title>{o.number}: {escape(o.function)}\n{o.live_bytes:,} bytes '
            f"live, {100 * o.share:.1f} % of the time</title></rect>"
        )
        if width > 18:
            yield (
                f'<text x="{x + width / 2:.1f}" y="{y(0) + 16:.1f}" text-anchor="middle">'
                f"{o.number}</text>"
            )
        x += width
    line = y(found.workspace_bytes)
    yield (
        f'<line x1="{_LEFT}" x2="{_WIDTH - 8}" y1="{line:.1f}" y2="{line:.1f}" stroke="#000" '
        f'stroke-dasharray="6 4"><title>workspace: {found.workspace_bytes:,} bytes</title></line>'
    )
    milliseconds = 1e3 * whole / found.clock_hz
    yield f'<text x="{_LEFT}" y="{y(0) + 30:.1f}">0</text>'
    yield (
        f'<text x="{_WIDTH - 8}" y="{y(0) + 30:.1f}" text-anchor="end">{milliseconds:,.3f} ms'
        "</text>"
    )
    yield "</svg>"


def _table(found: Profile, document: Mapping[str, Any]) -> Iterator[str]:
    heads = ("Call", "Ticks", "Instructions", "Share", "MACs", "Read", "Written", "Live")
    yield "<table><tr>" + "".join(f"<th>{head}</th>" for head in (*heads, "Operator")) + "</tr>"
    for o in document["operators"]:
        cells = [
            str(o["number"]),
            f"{o['ticks']:,.0f}",
            _known(o["instructions"]),
            f"{100 * o['share']:.1f} %",
            *(_known(o[key]) for key in ("macs", "read_bytes", "written_bytes", "live_bytes")),
        ]
        name = (
            f'<span class="swatch" style="background:{_colour(o["number"])}"></span>'
            f"{escape(o['function'])}"
        )
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in (*cells, name)) + "</tr>"
    share = 100 * found.between_ticks / (found.total_ticks or 1.0)
    yield (
        f"<tr><td></td><td>{found.between_ticks:,.0f}</td><td></td><td>{share:.1f} %</td>"
        "<td></td><td></td><td></td><td></td><td>(between operators)</td></tr></table>"
    )


def _known(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]
