"""profile: what operators cost adds up to what the model costs without anybody looking."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.analysis.profile import profile
from microtvm_boards.errors import DeviceError, ModelError, ProjectError
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from tests.analysis.conftest import built
from tests.conftest import DATA, DIGITS

MakeProject = Callable[..., Project]
WITHIN = 0.02


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("mlf", "entrypoint"),
    [
        (DIGITS / "digits_c.tar", "c"),
        (DIGITS / "digits_packed.tar", "packed"),
        (DATA / "foo_graph.tar", "packed"),
    ],
    ids=["c", "packed", "graph"],
)
def test_shares_sum_to_the_whole(make_project: MakeProject, mlf: Path, entrypoint: str) -> None:
    project = make_project(mlf, board="mps2_an386", model_entrypoint_api=entrypoint)
    found = profile(built(project), runs=1)
    assert found.untraced_ticks is not None
    operators = sum(o.ticks for o in found.operators)
    assert operators == pytest.approx(found.untraced_ticks, rel=WITHIN)
    assert found.total_ticks == pytest.approx(found.untraced_ticks, rel=WITHIN)
    assert sum(o.share for o in found.operators) == pytest.approx(1, abs=WITHIN)
    assert found.total_ticks == pytest.approx(operators + found.between_ticks)


def test_an_operator_says_what_it_computes_and_touches(make_project: MakeProject) -> None:
    found = profile(built(make_project(DIGITS / "digits_c.tar")), runs=2)
    assert [o.macs for o in found.operators] == [36 * 8 * 9, 16 * 12 * 72, 10 * 192]
    first = found.operators[0]
    assert first.read_bytes == 64 + 72 + 4 * 8 * 4  # image, weights, bias and scales
    assert first.written_bytes == 6 * 6 * 8
    assert max(o.live_bytes for o in found.operators) == found.workspace_bytes
    assert found.clock_hz == 1_000_000_000
    assert found.untraced_ticks is None  # this computer's clock follows no instructions


def test_the_projects_firmware_stays_as_it_is(make_project: MakeProject) -> None:
    project = built(make_project("foo_c"))
    firmware = get_platform(project.platform).firmware(project)
    before = {
        path: path.read_bytes()
        for path in project.directory.rglob("*")
        if path.is_file() and "build" not in path.relative_to(project.directory).parts
    }
    elf = firmware.read_bytes()
    profile(project, runs=1)
    assert firmware.read_bytes() == elf
    assert all(path.read_bytes() == data for path, data in before.items())
    names = subprocess.run(["nm", firmware], check=True, capture_output=True, text=True).stdout
    assert "trace" not in names  # what is off costs no byte
    assert "mtvm_call_" not in names


def test_models_are_profiled_one_by_one(make_project: MakeProject) -> None:
    project = built(make_project("two_modules_c"))
    for number, name in enumerate(("first", "second")):
        found = profile(project, number, runs=1)
        assert found.model == name
        assert all(o.function.startswith(f"tvmgen_{name}_") for o in found.operators)
        assert found.operators[1].ticks > 0


def test_a_change_of_the_model_reaches_the_firmware_that_measures(
    make_project: MakeProject,
) -> None:
    project = built(make_project("foo_c"))
    profile(project, runs=1)
    source = next((project.directory / "model").rglob("foo_lib1.c"))
    source.write_text(source.read_text().replace("  return 0;\n}", "  return -1;\n}", 1))
    with pytest.raises(DeviceError, match="MTVM_E_KERNEL"):
        profile(built(project), runs=1)


def test_what_cannot_be_profiled_says_what_can(make_project: MakeProject) -> None:
    minimal = make_project("foo_c", app="minimal")
    with pytest.raises(ProjectError, match="app minimal") as error:
        profile(minimal)
    assert "--app harness" in error.value.hint

    with pytest.raises(ProjectError, match="is not built"):
        profile(make_project("foo_c"))

    objects = built(make_project("objects_x86"))
    with pytest.raises(ModelError) as refused:
        profile(objects)
    assert "target c" in refused.value.hint

    several = built(make_project("foo_c", more_models=[f"other:{DATA / 'float_c.tar'}"]))
    with pytest.raises(ProjectError, match="several libraries"):
        profile(several)

    replaced = built(make_project("foo_c"))
    harness = replaced.directory / "src" / "app" / "c_harness.c"
    harness.write_text(harness.read_text().replace("MTVM_TRACE", "MTVM_OTHER"))
    with pytest.raises(ProjectError, match="no commands for tracing"):
        profile(replaced)

    changed = built(make_project("foo_c"))
    source = next((changed.directory / "model").rglob("foo_lib1.c"))
    source.write_text(source.read_text().replace("___tvm_main__", "_something_else"))
    with pytest.raises(ProjectError, match="doesn't call the operators"):
        profile(changed)
