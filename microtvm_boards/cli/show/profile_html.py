"""Profiles as one HTML file: no scripts, nothing from the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from microtvm_boards.cli.show.colours import BLUE, GREEN, ORANGE, PINK, RED, SKY

if TYPE_CHECKING:
    from microtvm_boards.analysis.profile import OperatorCost, Profile

_WIDTH = 960
_HEIGHT = 240
_TOP = 24
_LEFT = 88  # for the numbers of the axis
_RIGHT = 12
_ROOM = _WIDTH - _LEFT - _RIGHT
_TICKS = 4
_NUMBER = 8  # width of a digit
_COLOURS = (BLUE, ORANGE, GREEN, PINK, SKY, RED)
# On narrow windows drawing and table scroll: shrunk text can't be read.
_STYLE = """
:root { color-scheme: light dark; --ink: #111; --paper: #fff; --grid: #ddd; --stripe: #f4f4f4 }
@media (prefers-color-scheme: dark) {
:root { --ink: #eee; --paper: #16181c; --grid: #3a3e45; --stripe: #20242a } }
body { font: 14px/1.4 sans-serif; margin: 24px auto; padding: 0 12px; max-width: 1040px;
color: var(--ink); background: var(--paper) }
h1, h2, td:last-child { overflow-wrap: anywhere } .scroll { overflow-x: auto }
table { border-collapse: collapse; margin: 16px 0 } td, th { padding: 3px 10px; text-align: right;
white-space: nowrap; vertical-align: top } th { border-bottom: 1px solid var(--ink) }
td:last-child, th:last-child { text-align: left; white-space: normal; min-width: 240px }
tbody tr:nth-child(even) td { background: var(--stripe) } .swatch { display: inline-block;
width: 10px; height: 10px; margin-right: 6px } svg { display: block; width: 100%;
min-width: 720px; height: auto } svg text { fill: var(--ink); font-size: 12px }
.grid { stroke: var(--grid) } .edge { stroke: var(--paper); stroke-width: 0.5 }
.limit { stroke: var(--ink); stroke-dasharray: 6 4 }
.halo { paint-order: stroke; stroke: var(--paper); stroke-width: 3px }
"""


def report(found: Sequence[Profile], documents: Sequence[Mapping[str, Any]]) -> str:
    """One section a model. `documents`: the same as cli.profile.profile_json gives them."""
    names = ", ".join(one.model for one in found)
    title = escape(f"{names} on {found[0].board}")
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{_STYLE}</style></head><body>",
            *(line for pair in zip(found, documents, strict=True) for line in _section(*pair)),
            "</body></html>",
            "",
        ]
    )


def _section(found: Profile, document: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h1>{escape(found.model)} on {escape(found.board)}</h1>"
    counted = document["total_instructions"]
    amount = f"{found.total_ticks:,.0f} ticks"
    if counted is not None:
        amount = f"{counted:,} instructions ({amount})"
    time = "" if found.clock_hz is None else f", {_time(found, 1)} at {_clock(found)}"
    runs = f"{found.runs} {'run' if found.runs == 1 else 'runs'}"
    yield f"<p>{amount} a run{time}; the median of {runs}.</p>"
    if found.unseen:
        yield f"<p>Its operators can't be told apart. {escape(found.unseen)}</p>"
        return
    yield "<h2>Live memory over time</h2>"
    yield (
        "<p>Each box is one operator: as wide as the time it takes, as high as the bytes that "
        "hold something while it runs (tensors between operators, and its own scratch). "
        "The dashed line is the workspace that TVM counts."
    )
    if any(o.live_bytes is None for o in found.operators):
        yield "Hatched: kernels in object files, which don't say what they hold."
    yield '</p><div class="scroll">'
    yield from _timeline(found)
    yield '</div><h2>Operators</h2><div class="scroll">'
    yield from _table(found, document)
    yield "</div>"


def _timeline(found: Profile) -> Iterator[str]:
    known = [o.live_bytes for o in found.operators if o.live_bytes is not None]
    step = max(1, -(-max([found.workspace_bytes, *known]) // _TICKS))
    bottom = _TOP + _HEIGHT

    def y(size: float) -> float:
        return _TOP + _HEIGHT * (1 - size / (step * _TICKS))

    yield f'<svg viewBox="0 0 {_WIDTH} {bottom + 44}" role="img" aria-label="Live memory">'
    yield (
        '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><line class="grid" y2="6" stroke-width="6"/></pattern>'
        "</defs>"
    )
    for tick in range(_TICKS + 1):
        size = step * tick
        yield _line("grid", y(size))
        yield f'<text x="{_LEFT - 8}" y="{y(size) + 4:.1f}" text-anchor="end">{size:,} B</text>'
    x, labelled = float(_LEFT), 0.0
    whole = found.total_ticks or 1.0
    for o in found.operators:
        width = _ROOM * o.ticks / whole
        top = _TOP if o.live_bytes is None else y(o.live_bytes)
        yield _box(o, x, max(width, 0.5), top, bottom)
        text = _NUMBER * len(str(o.number))
        middle = x + width / 2
        if width > 3 and middle - text / 2 > labelled:
            yield f'<text x="{middle:.1f}" y="{bottom + 16}" text-anchor="middle">{o.number}</text>'
            labelled = middle + text / 2 + 4
        x += width
    line = y(found.workspace_bytes)
    yield _line("limit", line)
    yield (
        f'<text class="halo" x="{_WIDTH - _RIGHT}" y="{line - 7:.1f}" text-anchor="end">'
        f"workspace {found.workspace_bytes:,} B</text>"
    )
    for part, anchor in ((0.0, "start"), (0.25, "middle"), (0.5, "middle"), (0.75, "middle")):
        yield _time_label(found, part, anchor, bottom)
    yield _time_label(found, 1.0, "end", bottom)
    yield "</svg>"


def _box(o: OperatorCost, x: float, width: float, top: float, bottom: float) -> str:
    live = "unknown bytes" if o.live_bytes is None else f"{o.live_bytes:,} bytes"
    fill = "url(#hatch)" if o.live_bytes is None else _colour(o.number)
    return (
        f'<rect class="edge" x="{x:.2f}" y="{top:.1f}" width="{width:.2f}" '
        f'height="{bottom - top:.1f}" fill="{fill}"><title>{o.number}: {escape(o.function)}\n'
        f"{live} live, {100 * o.share:.1f} % of the time</title></rect>"
    )


def _line(kind: str, y: float) -> str:
    return f'<line class="{kind}" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _time_label(found: Profile, part: float, anchor: str, bottom: int) -> str:
    text = f"{100 * part:.0f} %" if found.clock_hz is None else _time(found, part)
    x = _LEFT + _ROOM * part
    return f'<text x="{x:.1f}" y="{bottom + 36}" text-anchor="{anchor}">{text}</text>'


def _table(found: Profile, document: Mapping[str, Any]) -> Iterator[str]:
    counted = document["total_instructions"] is not None
    heads = [
        "Call",
        "Ticks",
        "Instructions",
        "Share",
        "MACs",
        "Read",
        "Written",
        "Live",
        "Operator",
    ]
    if not counted:
        heads.remove("Instructions")
    yield "<table><thead><tr>" + "".join(f"<th>{head}</th>" for head in heads) + "</tr></thead>"
    yield "<tbody>"
    for o in document["operators"]:
        cells = [
            f'<span class="swatch" style="background:{_colour(o["number"])}"></span>{o["number"]}',
            f"{o['ticks']:,.0f}",
            *([f"{o['instructions']:,}"] if counted else []),
            f"{100 * o['share']:.1f} %",
            "" if o["macs"] == 0 else _known(o["macs"]),
            *(_known(o[key]) for key in ("read_bytes", "written_bytes", "live_bytes")),
            escape(o["function"]),
        ]
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
    if found.between_ticks is not None:
        share = 100 * found.between_ticks / (found.total_ticks or 1.0)
        cells = ["", f"{found.between_ticks:,.0f}", *([""] if counted else []), f"{share:.1f} %"]
        cells += [*("",) * 4, "(between operators)"]
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
    yield "</tbody></table>"


def _time(found: Profile, part: float) -> str:
    """`part` of a run, in the unit that suits the whole."""
    whole = found.total_ticks / (found.clock_hz or 1)
    scale, unit = (1e3, "ms") if whole >= 1e-3 else (1e6, "µs")
    return f"{scale * part * whole:,.3f} {unit}"


def _clock(found: Profile) -> str:
    return f"{(found.clock_hz or 0) / 1e6:,.10g} MHz"


def _known(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]
