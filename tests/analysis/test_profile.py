"""profile: what operators cost adds up to what the model costs without anybody looking."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.analysis.profile import profile
from microtvm_boards.errors import DeviceError, ProjectError
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from tests.analysis.conftest import built, tvms_server
from tests.conftest import DATA, DIGITS

pytestmark = pytest.mark.tools

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
    assert max(o.live_bytes or 0 for o in found.operators) == found.workspace_bytes
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


@pytest.mark.parametrize(("entrypoint", "kind"), [("c", "c"), ("packed", "packed")])
def test_models_of_several_libraries_are_profiled_under_their_own_names(
    make_project: MakeProject, entrypoint: str, kind: str
) -> None:
    """The second has the symbols of the first, the third is another executor's."""
    more = [f"second:{DATA / f'foo_{kind}.tar'}", f"third:{DATA / 'float_graph.tar'}"]
    project = built(make_project(f"foo_{kind}", model_entrypoint_api=entrypoint, more_models=more))
    for number, (name, count) in enumerate((("foo", 8), ("second", 8), ("third", 4))):
        found = profile(project, number, runs=1)
        assert (found.model, len(found.operators)) == (name, count)
        assert all(o.function.startswith(f"tvmgen_{name}_") for o in found.operators)
        assert sum(o.ticks for o in found.operators) > 0
        assert sum(o.macs or 0 for o in found.operators) == (4800 if name == "third" else 14144)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the objects are for x86-64")
@pytest.mark.parametrize("name", ["objects_x86", "objects_graph_x86"])
def test_kernels_in_objects_are_measured_where_they_are_called(
    make_project: MakeProject, name: str
) -> None:
    found = profile(built(make_project(name)), runs=1)
    assert found.unseen == ""
    assert len(found.operators) == (8 if name == "objects_x86" else 1)
    assert all(o.live_bytes is None for o in found.operators)
    assert all(o.read_bytes is None for o in found.operators)  # their constants are in there, too
    assert found.operators[-1].written_bytes is not None


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the objects are for x86-64")
@pytest.mark.parametrize("entrypoint", ["c", "packed"])
def test_calls_in_objects_are_measured_together(make_project: MakeProject, entrypoint: str) -> None:
    project = built(make_project("objects_packed_x86", model_entrypoint_api=entrypoint))
    found = profile(project, runs=1)
    assert found.operators == ()
    assert "in an object file" in found.unseen
    assert found.between_ticks is None


def test_tvms_own_server_shows_operators_of_graphs_alone(
    make_project: MakeProject, standalone_crt: Path
) -> None:
    options = tvms_server(standalone_crt)
    graph, whole = (
        profile(built(make_project(f"foo_{kind}", **options)), runs=1)
        for kind in ("graph", "packed")
    )
    assert [o.macs for o in graph.operators] == [0, 0, 6912, 6912, 0, 0, 320, 0]
    assert graph.between_ticks is None
    assert graph.total_ticks == sum(o.ticks for o in graph.operators) > 0
    assert whole.operators == ()
    assert "standalone_crt" in whole.unseen
    assert whole.total_ticks > 0


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
