"""Kernels that are object files for Cortex-M, on every platform that can link them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.analysis.generated_inputs import Sample
from microtvm_boards.analysis.profile import profile
from microtvm_boards.analysis.validate import validate
from microtvm_boards.errors import ModelError
from microtvm_boards.project import Project
from tests.analysis.conftest import built
from tests.conftest import DATA
from tests.end_to_end.firmware import read_family
from tests.project.objects import flags_of, with_objects

MakeProject = Callable[..., Project]
CASES = [
    pytest.param("mps2_an386", "baremetal", "c", marks=pytest.mark.qemu),
    pytest.param("mps2_an386", "baremetal", "packed", marks=pytest.mark.qemu),
    pytest.param(
        *("netduinoplus2", "stm32cube", "packed"), marks=(pytest.mark.qemu, pytest.mark.stm32cube)
    ),
    pytest.param("mps2_an385", "zephyr", "c", marks=pytest.mark.zephyr),
]


@pytest.mark.parametrize(("board", "platform", "entrypoint"), CASES)
def test_objects_run_are_measured_and_compared(
    make_project: MakeProject, tmp_path: Path, board: str, platform: str, entrypoint: str
) -> None:
    library = with_objects(DATA / "foo_c.tar", flags_of(board), tmp_path / "objects.tar")
    project = built(
        make_project(library, board=board, platform=platform, model_entrypoint_api=entrypoint)
    )
    inputs, outputs = read_family(DATA / "foo.npz")
    samples = [Sample(str(i), row) for i, row in enumerate(inputs[:2])]
    assert validate(project, 0, samples, outputs[:2]).agrees
    found = profile(project, runs=1)
    assert len(found.operators) == 8
    assert all(o.function.startswith("tvmgen_foo_") for o in found.operators)
    assert sum(o.share for o in found.operators) == pytest.approx(1, abs=0.02)

    # Nothing on this computer can say which operator is to blame.
    wrong = [{name: array + np.int8(1) for name, array in outputs[0].items()}]
    first = validate(project, 0, samples[:1], wrong).first_difference
    assert first is not None
    assert "holds code for Arm" in first.reason


@pytest.mark.tools
@pytest.mark.parametrize(
    ("made_for", "board", "words"),
    [
        ("mps2_an386", "host", ("holds code for Arm v7E-M", "this computer")),
        ("mps2_an386", "mps2_an385", ("holds code for Arm v7E-M", "Arm cortex-m3")),
        ("mps2_an385", "microbit", ("holds code for Arm v7-M", "-mcpu=cortex-m0")),
        ("mps2_an385", "mps2_an386", ("passes floats in general registers", "-mfloat-abi=hard")),
    ],
)
def test_objects_for_another_processor_are_refused_by_name(
    make_project: MakeProject, tmp_path: Path, made_for: str, board: str, words: tuple[str, ...]
) -> None:
    library = with_objects(DATA / "foo_c.tar", flags_of(made_for), tmp_path / "objects.tar")
    with pytest.raises(ModelError, match=r"codegen/host/lib/foo_lib\d\.o ") as error:
        make_project(library, board=board)
    assert all(word in str(error.value) for word in words)
    assert not list(tmp_path.glob("project*"))


def test_objects_of_this_computer_are_refused_for_a_board(make_project: MakeProject) -> None:
    with pytest.raises(ModelError, match=r"foo_lib0\.o holds code for x86-64"):
        make_project("objects_x86", board="mps2_an385")


@pytest.mark.tools
def test_objects_for_a_smaller_core_run_on_a_larger_one(
    make_project: MakeProject, tmp_path: Path
) -> None:
    library = with_objects(DATA / "foo_c.tar", flags_of("microbit"), tmp_path / "objects.tar")
    assert make_project(library, board="mps2_an385").models[0].name == "foo"
