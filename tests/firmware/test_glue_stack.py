"""The glue is simple enough to run unoptimized: at most 256 B of stack on any chain of calls."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from microtvm_boards.project import Project

BUDGET = 256  # bytes, at -O0
_NODE = re.compile(r'node: \{ title: "([^"]+)" label: "[^"]*?(\d+) bytes \((\w+)')
_EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')


def deepest_chain(graphs: list[str], start: str) -> int:
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


@pytest.mark.qemu
@pytest.mark.parametrize("cpu", ["cortex-m0", "cortex-m4"])
@pytest.mark.parametrize(
    "name", ["foo_c", "foo_c_nousmp", "foo_packed", "foo_graph", "shapes_packed", "pools_c"]
)
def test_glue_stays_within_its_stack_budget(
    make_project: Callable[..., Project], tmp_path: Path, name: str, cpu: str
) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    project = make_project(name, board="mps2_an386", optimization="none")
    graphs = []
    for folder in ("src/model", "src/runtime"):
        for source in (project.directory / folder).glob("*.c"):
            target = tmp_path / f"{source.stem}.o"
            command = ["arm-none-eabi-gcc", f"-mcpu={cpu}", "-mthumb", "-O0", "-std=c99"]
            command += ["-fcallgraph-info=su", "-c", str(source), "-o", str(target)]
            for include in ("src/model", "src/runtime", "src/port", "model/codegen/host/include"):
                command.append(f"-I{project.directory / include}")
            subprocess.run(command, check=True)
            graphs.append(target.with_suffix(".ci").read_text())
    model = project.manifest["models"][0]["c_name"]
    for start in ("mtvm_model_run", f"mtvm_{model}_run"):
        assert deepest_chain(graphs, start) <= BUDGET, start
