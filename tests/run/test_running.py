"""The one way to run samples: the same for both entry points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from microtvm_boards.errors import DeviceError, ProjectError, UsageError
from microtvm_boards.harness import RunResult
from microtvm_boards.platforms import get_platform
from microtvm_boards.project.project import Project
from microtvm_boards.run import Firmware, connect, run_samples, running
from tests.conftest import DATA
from tests.end_to_end.firmware import read_family

pytestmark = pytest.mark.tools

MakeProject = Callable[..., Project]
INPUTS, EXPECTED = read_family(DATA / "foo.npz")


@pytest.fixture
def built(make_project: MakeProject) -> MakeProject:
    def build(entrypoint: str, **options: Any) -> Project:
        project = make_project(
            f"foo_{entrypoint}", board="host", model_entrypoint_api=entrypoint, **options
        )
        get_platform("host").build(project)
        return project

    return build


@pytest.mark.parametrize("entrypoint", ["c", "packed"])
def test_both_entry_points_give_the_models_outputs_and_its_time(
    built: MakeProject, entrypoint: str
) -> None:
    with running(built(entrypoint)) as firmware:
        assert firmware.baked() == []
        results = run_samples(firmware, INPUTS, timed=True)
    for result, expected in zip(results, EXPECTED, strict=True):
        assert (result.status, result.status_name, result.model) == (0, "MTVM_OK", 0)
        assert result.ticks >= 0
        assert (result.seconds is not None) == (entrypoint == "packed")
        for name, wanted in expected.items():
            np.testing.assert_array_equal(result.outputs[name], wanted)


def test_whoever_wants_no_time_gets_none(built: MakeProject) -> None:
    steps: list[int] = []
    with running(built("packed")) as firmware:
        results = run_samples(firmware, INPUTS, step=lambda: steps.append(1))
    assert [(result.ticks, result.seconds) for result in results] == [(0, None)] * len(INPUTS)
    assert len(steps) == len(INPUTS)


def test_an_upload_says_how_far_it_is(built: MakeProject) -> None:
    said: list[tuple[int, int]] = []
    with running(built("packed")) as firmware:
        firmware.run(INPUTS[0], progress=lambda done, total: said.append((done, total)))
    size = sum(array.nbytes for array in INPUTS[0].values())
    assert said[-1] == (size, size)


def test_firmware_that_answers_nothing_is_refused(built: MakeProject) -> None:
    project = built("c", app="minimal")
    with pytest.raises(UsageError, match="has no harness"), running(project):
        pass


def test_a_session_needs_firmware_that_speaks_rpc(built: MakeProject) -> None:
    with pytest.raises(ProjectError, match="entry point c") as caught:
        connect(built("c"))
    assert "--model-entrypoint-api packed" in caught.value.hint


class Failing(Firmware):
    """A model of which the second sample fails."""

    def __init__(self) -> None:
        self.runs = 0

    def run(self, inputs: Any, model: int = 0, **_: Any) -> RunResult:
        self.runs += 1
        good = RunResult(model, 0, "MTVM_OK", 1, 0, {})
        return good if self.runs != 2 else replace(good, status=-1, status_name="MTVM_E_KERNEL")


def test_a_model_that_fails_ends_the_run_with_its_status() -> None:
    firmware = Failing()
    with pytest.raises(DeviceError, match="failed on sample 1: MTVM_E_KERNEL"):
        run_samples(firmware, INPUTS[:1] * 3)
    assert firmware.runs == 2
