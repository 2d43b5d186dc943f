"""Tables and numbers as text. The same data gives the same text wherever it goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from microtvm_boards.boards import Memory
    from microtvm_boards.firmware.linked_needs import LinkedNeed
    from microtvm_boards.platforms import MemoryUse
    from microtvm_boards.project.needs.need import MemoryNeed

Row = tuple[str, ...]


def table(headers: Sequence[str], rows: Iterable[Row], *, numbers: Iterable[str] = ()) -> str:
    """`rows` under `headers`, columns in `numbers` to the right; "" when there are no rows.

    Cut to the width of a terminal; never cut elsewhere.
    """
    rows = list(rows)
    if not rows:
        return ""
    import sys

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    right = set(numbers)
    for header in headers:
        grid.add_column(Text(header), justify="right" if header in right else "left", no_wrap=True)
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    terminal = sys.stdout is not None and sys.stdout.isatty()
    console = Console(width=None if terminal else 10_000)
    with console.capture() as captured:
        console.print(grid)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def percent(used: int, size: int | None) -> str:
    """`used` of `size` in words: "12.5 %"; "-" when there is no limit."""
    return "-" if not size else f"{100 * used / size:.1f} %"


def memory_use_table(use: Iterable[MemoryUse]) -> str:
    """What the linked firmware takes, in bytes."""
    return table(
        ("Memory", "Used", "Size", "Percent"),
        [
            (
                m.memory,
                f"{m.used_bytes:,}",
                "-" if m.size_bytes is None else f"{m.size_bytes:,}",
                percent(m.used_bytes, m.size_bytes),
            )
            for m in use
        ],
        numbers=("Used", "Size", "Percent"),
    )


def memory_use_json(use: Iterable[MemoryUse]) -> list[dict[str, Any]]:
    return [
        {"memory": m.memory, "used_bytes": m.used_bytes, "size_bytes": m.size_bytes} for m in use
    ]


def preflight_table(needs: Sequence[MemoryNeed], memories: Iterable[Memory]) -> str:
    """What the model is known to need before the build; in bytes.

    Each memory's needs, then their sum and the memory's size.
    """
    sizes = {memory.name: memory.size for memory in memories}
    rows: list[Row] = []
    for name in dict.fromkeys([*sizes, *(need.memory for need in needs)]):
        own = [need for need in needs if need.memory == name]
        if not own:
            continue
        total = sum(need.size_bytes for need in own)
        size = sizes.get(name)
        rows += [(name, need.what, f"{need.size_bytes:,}", "", "") for need in own]
        of = "-" if size is None else f"{size:,}"
        rows.append((name, "together", f"{total:,}", of, percent(total, size)))
    return table(
        ("Memory", "What", "Needed", "Size", "Percent"),
        rows,
        numbers=("Needed", "Size", "Percent"),
    )


def linked_table(needs: Sequence[LinkedNeed]) -> str:
    """What was needed before the build against what the linker says, in bytes."""
    return table(
        ("Memory", "What", "Needed", "Linked", "Difference", "Why"),
        [
            (
                n.memory,
                n.what,
                f"{n.needed_bytes:,}",
                f"{n.linked_bytes:,}",
                f"{n.linked_bytes - n.needed_bytes:+,}" if n.why else "",
                n.why,
            )
            for n in needs
        ],
        numbers=("Needed", "Linked", "Difference"),
    )


def linked_json(needs: Sequence[LinkedNeed]) -> list[dict[str, Any]]:
    return [
        {
            "memory": n.memory,
            "what": n.what,
            "kind": n.kind,
            "needed_bytes": n.needed_bytes,
            "linked_bytes": n.linked_bytes,
            "why": n.why,
        }
        for n in needs
    ]
