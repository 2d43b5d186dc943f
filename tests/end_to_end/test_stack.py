"""The stack's static worst case holds what real models use, and sizes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from microtvm_boards.analysis.generated_inputs import random_sample
from microtvm_boards.firmware.stack_use import StackUse
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from microtvm_boards.run import run_samples, running
from tests.cli.conftest import cli
from tests.conftest import DATA, DIGITS
from tests.end_to_end.firmware import need_tools
from tests.end_to_end.test_shared_models import Compiled, compiled

__all__ = ["compiled"]

pytestmark = pytest.mark.qemu
MakeProject = Callable[..., Project]
C: dict[str, Any] = {"model_entrypoint_api": "c"}
PACKED: dict[str, Any] = {"model_entrypoint_api": "packed"}


def built(make_project: MakeProject, tar: Path, **options: Any) -> Project:
    project = make_project(tar, **options)
    need_tools(project)
    get_platform(project.platform).build(project)
    return project


def used(project: Project) -> StackUse:
    """After some runs."""
    samples = [random_sample(project.models[0].inputs, seed).inputs for seed in range(3)]
    with running(project, timeout=120) as firmware:
        run_samples(firmware, samples)
    use = get_platform(project.platform).stack_use(project)
    assert use is not None
    return use


def check(use: StackUse) -> None:
    """Used is at most the worst case, and not so little that the worst case says nothing."""
    assert use.problems == ()
    assert use.static_bytes is not None and use.used_bytes is not None
    assert use.static_bytes // 3 < use.used_bytes <= use.static_bytes < use.reserved_bytes
    assert use.automatic
    assert 1 <= len(use.interrupts) <= 2  # the clock's, and the UART's where there is a ring
    assert use.main_bytes == sum(frame for _, frame in use.chain)


@pytest.mark.parametrize(
    ("board", "tar", "entry", "optimization"),
    [
        ("mps2_an386", DIGITS / "digits_c.tar", C, "size"),
        ("mps2_an386", DIGITS / "digits_packed.tar", PACKED, "none"),
        ("netduinoplus2", DIGITS / "digits_packed.tar", C, "size"),
        ("netduinoplus2", DIGITS / "digits_c.tar", PACKED, "speed"),
        ("stm32vldiscovery", DIGITS / "digits_graph.tar", C, "none"),
        ("microbit", DIGITS / "digits_graph.tar", C, "none"),
        ("microbit", DATA / "float_c.tar", C, "size"),
        ("mps3_an547", DATA / "float_packed.tar", C, "speed"),
    ],
    ids=lambda value: value.stem if isinstance(value, Path) else None,
)
def test_a_model_stays_within_the_static_worst_case(
    make_project: MakeProject, board: str, tar: Path, entry: dict[str, Any], optimization: str
) -> None:
    check(used(built(make_project, tar, board=board, optimization=optimization, **entry)))


@pytest.mark.tvm
@pytest.mark.parametrize("compiled", ["kws_int8", "ad01_int8"], indirect=True)
@pytest.mark.parametrize("board", ["mps2_an386", "netduinoplus2"])
def test_a_shared_model_does_too(make_project: MakeProject, compiled: Compiled, board: str) -> None:
    check(used(built(make_project, compiled.tars["c"], board=board, **C)))


def test_the_stack_is_linked_as_large_as_reserved_and_stays_so(make_project: MakeProject) -> None:
    project = built(make_project, DIGITS / "digits_c.tar", board="mps2_an386", **C)
    platform = get_platform(project.platform)
    first = platform.stack_use(project)
    again = platform.build(project)
    assert first is not None and again.stack == first
    assert "no work to do" in again.log.read_text() or "is up to date" in again.log.read_text()
    from elftools.elf.elffile import ELFFile

    with again.firmware.open("rb") as file:
        section = ELFFile(file).get_section_by_name(".stack")
        assert section["sh_size"] == first.reserved_bytes


def test_a_larger_frame_of_yours_makes_the_stack_larger(make_project: MakeProject) -> None:
    project = built(make_project, DIGITS / "digits_c.tar", board="mps2_an386", app="minimal", **C)
    platform = get_platform(project.platform)
    before = platform.stack_use(project)
    source = project.directory / "src" / "app" / "main.c"
    text = source.read_text()
    frame = "volatile char mine[3000]; mine[0] = 1; (void)mine[0];"
    source.write_text(text.replace("int main(void) {\n", "int main(void) {\n  " + frame + "\n", 1))
    after = platform.build(project).stack
    assert before is not None and after is not None
    assert after.static_bytes is not None and before.static_bytes is not None
    assert after.static_bytes >= before.static_bytes + 3000
    assert after.reserved_bytes > after.static_bytes


def test_a_stack_that_was_chosen_stays_and_is_warned_of_when_too_small(
    make_project: MakeProject,
) -> None:
    project = built(
        make_project, DIGITS / "digits_packed.tar", board="mps2_an386", stack_size_bytes=512, **C
    )
    (warning,) = cli("build", project.directory, "--json").json["warnings"]
    stack = cli("size", project.directory, "--json").json["stack"]
    assert stack["reserved_bytes"] == 512 < stack["static_bytes"]
    assert not stack["automatic"]
    assert f"512 B, but its static worst case is {stack['static_bytes']} B" in warning
    assert f"Warning: {warning}." in cli("build", project.directory).err
