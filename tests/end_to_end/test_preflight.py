"""The prediction of `create` against the linker. A few combinations here;
`python benchmarks/preflight.py` measures them all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from microtvm_boards.errors import ProjectError
from microtvm_boards.firmware.linked_needs import linked_needs, refuse_oversize
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from microtvm_boards.project.plan.stack import STACK_SPARE
from tests.benchmarks.conftest import load_benchmark
from tests.conftest import DATA, DIGITS
from tests.end_to_end.test_shared_models import Compiled, compiled

pytestmark = pytest.mark.tools

__all__ = ["compiled"]

# Every model once, every core, kind of firmware and optimization several times.
CASES = [
    (DIGITS / "digits_c.tar", "microbit", "harness", "size"),
    (DIGITS / "digits_packed.tar", "mps2_an385", "packed", "size"),
    (DIGITS / "digits_graph.tar", "mps2_an500", "harness", "speed"),
    (DATA / "foo_c_nousmp.tar", "mps3_an547", "minimal", "debug"),
    (DATA / "foo_graph.tar", "mps2_an505", "packed", "size"),
    (DATA / "foo_pu.tar", "mps2_an386", "harness", "none"),
    (DATA / "float_c.tar", "microbit", "harness", "size"),
    (DATA / "float_packed.tar", "mps3_an547", "harness", "size"),
    (DATA / "two_modules_pools_c.tar", "mps2_an386", "minimal", "speed"),
    (DATA / "shapes_graph.tar", "mps2_an385", "harness", "size"),
]


@pytest.fixture(scope="module")
def preflight() -> ModuleType:
    return load_benchmark("preflight")


def check(preflight: ModuleType, tar: Path, board: str, kind: str, optimization: str) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    (row,) = preflight.measure([tar], [board], [kind], [optimization])
    assert row.ram_ok, row
    assert abs(row.flash_error) <= preflight.FLASH_SHARE, row
    assert row.exact <= row.flash_linked


@pytest.mark.parametrize(
    ("tar", "board", "kind", "optimization"),
    [pytest.param(*case, id="-".join([case[0].stem, *case[1:]])) for case in CASES],
)
def test_ram_is_never_less_than_predicted_and_flash_is_near(
    preflight: ModuleType, tar: Path, board: str, kind: str, optimization: str
) -> None:
    check(preflight, tar, board, kind, optimization)


@pytest.mark.tvm
@pytest.mark.parametrize("compiled", ["kws_int8"], indirect=True)
@pytest.mark.parametrize("kind", ["c", "graph"])
def test_a_shared_model_too(preflight: ModuleType, compiled: Compiled, kind: str) -> None:
    check(preflight, compiled.tars[kind], "mps2_an386", "harness", "size")


def test_after_the_build_each_difference_has_its_reason(
    make_project: Callable[..., Project],
) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    project = make_project("foo_packed", board="mps2_an386")
    platform = get_platform(project.platform)
    result = platform.build(project)
    needs = linked_needs(project, result.firmware, platform.memories(project))
    for kind in ("activations", "constants", "inputs", "outputs"):
        (need,) = (n for n in needs if n.kind == kind)
        assert (need.needed_bytes, need.why) == (need.linked_bytes, ""), need
    (stack,) = (n for n in needs if n.kind == "stack")
    assert 0 <= stack.needed_bytes - stack.linked_bytes <= STACK_SPARE
    assert all(need.why for need in needs if need.needed_bytes != need.linked_bytes)
    # Nothing of the firmware is missing from the table.
    for memory in result.memory:
        assert sum(n.linked_bytes for n in needs if n.memory == memory.memory) == memory.used_bytes
    refuse_oversize(result.firmware, project.board.memories)
    board = project.directory / "board.yaml"
    size = f"size: {stack.linked_bytes}, use: ram"  # the stack is first in RAM
    board.write_text(board.read_text().replace("size: 4M, use: ram", size))
    smaller = Project.open(project.directory)
    with pytest.raises(ProjectError, match="doesn't fit the board; it is not flashed") as caught:
        get_platform("baremetal").flash(smaller)
    assert "B lie outside the board's memories" in caught.value.details[0]
