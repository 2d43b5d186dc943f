"""The glue is simple enough to run unoptimized: at most 256 B of stack on any chain of calls."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.project import Project
from tests.firmware.call_graph import call_graphs, deepest_chain

BUDGET = 256  # bytes, at -O0


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
    directory = make_project(name, board="mps2_an386", optimization="none").directory
    sources = [*(directory / "src/model").glob("*.c"), *(directory / "src/runtime").glob("*.c")]
    flags = ["-O0", "-std=c99", f"-mcpu={cpu}"]
    for folder in ("src/model", "src/abi", "src/runtime", "src/port", "model/codegen/host/include"):
        flags.append(f"-I{directory / folder}")
    graphs = call_graphs(sources, flags, tmp_path)
    model = Project.open(directory).models[0].c_name
    for start in ("mtvm_model_run", f"mtvm_{model}_run"):
        assert deepest_chain(graphs, start) <= BUDGET, start
