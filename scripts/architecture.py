"""Draws docs/architecture.svg: the rooms in the order of the import contract, and who imports whom.

python scripts/architecture.py

Rooms and exceptions come from pyproject.toml ([tool.importlinter]), imports from the code. A line
leads from a room to one that it imports; lines that follow from others are left out. Dashed lines
are imports that the contract only tolerates (`ignore_imports`).
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import grimp
from importlinter import api

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "architecture.svg"
PACKAGE = "microtvm_boards"

CHAR = 6.6  # pixels of a letter of the names
PADDING, GAP = 14, 26  # in a box, between two
HEIGHT, STEP, MARGIN = 40, 84, 24

Edge = tuple[str, str]  # importer, imported
Point = tuple[float, float]


class House(NamedTuple):
    """`rooms` from the highest to the lowest; `edges` go down, `debts` are tolerated."""

    rooms: list[str]
    parts: dict[str, list[str]]  # sub-rooms
    edges: set[Edge]
    debts: set[Edge]


def read_house() -> House:
    # The contract's layers, several rooms of one layer are separated by | or :
    configuration = api.read_configuration(str(ROOT / "pyproject.toml"))
    (contract,) = (c for c in configuration["contracts_options"] if c["type"] == "layers")
    layers = [layer.replace(":", "|").split("|") for layer in contract["layers"]]
    rooms = [name.strip().removeprefix(f"{PACKAGE}.") for layer in layers for name in layer]
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    order = {room: number for number, room in enumerate(rooms)}
    edges: set[Edge] = set()
    debts: set[Edge] = set()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            edge = (_room(importer), _room(imported))
            if edge[0] != edge[1] and set(edge) <= set(rooms):
                (edges if order[edge[0]] < order[edge[1]] else debts).add(edge)
    return House(rooms, {room: _parts(room) for room in rooms}, edges, debts)


def _room(module: str) -> str:
    return module.split(".")[1] if "." in module else module


def _parts(room: str) -> list[str]:
    return sorted(path.parent.name for path in (ROOT / PACKAGE / room).glob("*/__init__.py"))


def needed(rooms: list[str], edges: set[Edge]) -> set[Edge]:
    """Without the edges that follow from others."""
    below: dict[str, set[str]] = {}
    kept: set[Edge] = set()
    for room in reversed(rooms):
        direct = {to for of, to in edges if of == room}
        further = set().union(*(below[to] for to in direct))
        below[room] = direct | further
        kept |= {(room, to) for to in direct - further}
    return kept


def levels(rooms: list[str], edges: set[Edge]) -> dict[str, int]:
    """How many rooms lie below each at most; a room on its own is just below who imports it."""
    found: dict[str, int] = {}
    for room in reversed(rooms):
        found[room] = 1 + max((found[to] for of, to in edges if of == room), default=-1)
    for room in rooms:  # as high as its importers allow: short lines
        above = [found[of] for of, to in edges if to == room]
        if above:
            found[room] = min(above) - 1
    return found


class Node(NamedTuple):
    """A room, or with `edge` a place where that line crosses a level."""

    name: str
    edge: Edge | None = None


def layout(house: House) -> tuple[dict[Node, float], dict[Node, int], list[list[Node]]]:
    """x of each node, level of each node, and the lines as chains of nodes."""
    edges = needed(house.rooms, house.edges)
    level = levels(house.rooms, edges)
    rank = {Node(room): level[room] for room in house.rooms}
    chains: list[list[Node]] = []
    for of, to in sorted(edges):
        between = [Node(f"{of}>{to}@{y}", (of, to)) for y in range(level[of] - 1, level[to], -1)]
        rank |= {node: int(node.name.split("@")[1]) for node in between}
        chains.append([Node(of), *between, Node(to)])
    rows = [[n for n in rank if rank[n] == y] for y in range(max(rank.values()), -1, -1)]
    links = [pair for chain in chains for pair in pairwise(chain)]
    rows = _ordered(rows, links)
    return _placed(rows, links, house), rank, chains


def _ordered(rows: list[list[Node]], links: list[tuple[Node, Node]]) -> list[list[Node]]:
    """The order with the fewest crossings that sweeping up and down finds."""
    best, fewest = rows, _crossings(rows, links)
    for sweep in range(40):
        rows = [list(row) for row in rows]
        numbers = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        for number in numbers:
            beside = rows[number - 1 if sweep % 2 == 0 else number + 1]
            at = {node: place for place, node in enumerate(beside)}
            old = {node: place for place, node in enumerate(rows[number])}
            rows[number].sort(key=lambda n: (_mean(n, links, at, old[n]), old[n]))
        crossings = _crossings(rows, links)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _neighbours(node: Node, links: list[tuple[Node, Node]]) -> list[Node]:
    return [b if a == node else a for a, b in links if node in (a, b)]


def _mean(
    node: Node, links: list[tuple[Node, Node]], at: dict[Node, int], otherwise: float
) -> float:
    places = [at[other] for other in _neighbours(node, links) if other in at]
    return sum(places) / len(places) if places else otherwise


def _crossings(rows: list[list[Node]], links: list[tuple[Node, Node]]) -> int:
    at = {node: place for row in rows for place, node in enumerate(row)}
    total = 0
    for upper in rows[:-1]:
        here = [(at[a], at[b]) for a, b in links if a in upper]
        total += sum((a - c) * (b - d) < 0 for a, b in here for c, d in here) // 2
    return total


def width(node: Node, house: House) -> float:
    if node.edge:
        return 8
    letters = max(len(node.name) * 1.15, len(" · ".join(house.parts[node.name])) * 0.8)
    return round(letters * CHAR) + 2 * PADDING


def _placed(
    rows: list[list[Node]], links: list[tuple[Node, Node]], house: House
) -> dict[Node, float]:
    """Middles: each node goes towards its neighbours as far as its row lets it."""
    x: dict[Node, float] = {}
    for row in rows:
        left = 0.0
        for node in row:
            x[node] = left + width(node, house) / 2
            left += width(node, house) + GAP
        for node in row:
            x[node] -= left / 2
    for _ in range(60):
        for row in rows:
            for node in row:
                others = [x[other] for other in _neighbours(node, links)]
                if others:
                    x[node] += (sum(others) / len(others) - x[node]) * 0.5
            for one, other in [*pairwise(row), *reversed([*pairwise(row)])]:
                apart = (width(one, house) + width(other, house)) / 2 + GAP
                lacking = apart - (x[other] - x[one])
                if lacking > 0:
                    x[one] -= lacking / 2
                    x[other] += lacking / 2
    for row in rows:  # no box on another, whatever the last sweep left
        for one, other in pairwise(row):
            apart = (width(one, house) + width(other, house)) / 2 + GAP
            x[other] = max(x[other], x[one] + apart)
    return x


def draw(house: House) -> str:
    """The picture, as SVG."""
    x, rank, chains = layout(house)
    left = min(x[node] - width(node, house) / 2 for node in x) - MARGIN
    right = max(x[node] + width(node, house) / 2 for node in x) + MARGIN
    top = max(rank.values())
    at = {n: (x[n] - left, MARGIN + HEIGHT / 2 + (top - rank[n]) * STEP) for n in rank}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="0 0 {right - left:.0f} {2 * MARGIN + HEIGHT + top * STEP}" '
        'font-family="Helvetica, Arial, sans-serif" text-anchor="middle">',
        "<title>The rooms of microtvm_boards; a line leads to what a room imports</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *(
            _curve([_side(at, chain[0], 1), *(_side(at, n, -1) for n in chain[1:])])
            for chain in chains
        ),
        *(_debt(_side(at, Node(of), -1), _side(at, Node(to), 1)) for of, to in sorted(house.debts)),
        *(_box(Node(room), at[Node(room)], house) for room in house.rooms),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _side(at: dict[Node, Point], node: Node, side: int) -> Point:
    """The middle of its upper (-1) or lower (1) side."""
    x, y = at[node]
    return x, y + (0 if node.edge else side * HEIGHT / 2)


def _curve(points: list[Point]) -> str:
    path = f"M{points[0][0]:.0f},{points[0][1]:.0f}"
    for (ax, ay), (bx, by) in pairwise(points):
        middle = (ay + by) / 2
        path += f" C{ax:.0f},{middle:.0f} {bx:.0f},{middle:.0f} {bx:.0f},{by:.0f}"
    return f'<path d="{path}" fill="none" stroke="#7f8c9a" stroke-width="1.2"/>'


def _debt(a: Point, b: Point) -> str:
    path = f"M{a[0]:.0f},{a[1]:.0f} L{b[0]:.0f},{b[1]:.0f}"
    return f'<path d="{path}" fill="none" stroke="#c0392b" stroke-dasharray="6 4"/>'


def _box(node: Node, middle: Point, house: House) -> str:
    x, y = middle
    wide = width(node, house)
    inner = " · ".join(house.parts[node.name])
    box = (
        f'<rect x="{x - wide / 2:.0f}" y="{y - HEIGHT / 2:.0f}" width="{wide:.0f}" '
        f'height="{HEIGHT}" rx="5" fill="#eef3f8" stroke="#35506b"/>\n'
        f'<text x="{x:.0f}" y="{y + (-3 if inner else 5):.0f}" font-size="14" '
        f'fill="#1b2a38">{node.name}</text>'
    )
    if inner:
        box += f'\n<text x="{x:.0f}" y="{y + 12:.0f}" font-size="10" fill="#5a6b7b">{inner}</text>'
    return box


if __name__ == "__main__":
    PICTURE.write_text(draw(read_house()))
    print(f"Drew {PICTURE.relative_to(ROOT)}")
