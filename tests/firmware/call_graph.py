"""Stack of chains of calls, from GCC's -fcallgraph-info=su."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

_NODE = re.compile(r'node: \{ title: "([^"]+)" label: "[^"]*?(\d+) bytes \((\w+)')
_EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')


def call_graphs(sources: Iterable[Path], flags: Sequence[str], scratch: Path) -> list[str]:
    """Compiles each source for Arm and returns its call graph."""
    graphs = []
    for source in sources:
        target = scratch / f"{source.stem}.o"
        command = ["arm-none-eabi-gcc", "-mthumb", "-fcallgraph-info=su", *flags]
        subprocess.run([*command, "-c", source, "-o", target], check=True)
        graphs.append(target.with_suffix(".ci").read_text())
    return graphs


def deepest_chain(graphs: Iterable[str], start: str) -> int:
    """Bytes of the deepest chain of calls from `start`, of the functions that the graphs define."""
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    for text in graphs:
        for name, size, kind in _NODE.findall(text):
            assert kind == "static", f"{name} has a stack frame of variable size"
            frames[name] = int(size)
        for caller, callee in _EDGE.findall(text):
            calls.setdefault(caller, set()).add(callee)

    @cache
    def depth(name: str) -> int:
        below = (depth(callee) for callee in calls.get(name, ()) if callee in frames)
        return frames[name] + max(below, default=0)

    return depth(start)
