"""The client drives the real firmware, on host and emulated M4, and gets TVM's own answers."""

from __future__ import annotations

import platform as machine

import numpy as np
import pytest

from microtvm_boards.run import connect
from tests.conftest import DATA, DIGITS
from tests.end_to_end.firmware import read_family
from tests.rpc.firmware.projects import ON_BOARDS, MakeProject, built, check, on_boards

pytestmark = pytest.mark.tools

# Every kind of export on the host; on the emulated board one of each executor and interface. TVM's
# own server needs packed functions and their registry.
INTEGER = [
    ("host", "foo_c"),
    ("host", "foo_c_nousmp"),
    ("host", "foo_packed"),
    ("host", "foo_pu"),
    ("host", "foo_graph"),
    ("host", "foo_graphlp"),
    ("host", "shapes_packed"),
    ("host", "shapes_graph"),
    ("host", "keywords_c"),
    ("host", "pools_c"),
    ("mps2_an386", "foo_c"),
    ("mps2_an386", "foo_packed"),
    ("mps2_an386", "shapes_c"),
    ("mps2_an386", "keywords_graph"),
    ("mps2_an386", "pools_constants_c"),
    ("host", "foo_packed", "standalone_crt"),
    ("host", "foo_graph", "standalone_crt"),
    ("host", "foo_graphlp", "standalone_crt"),
    ("host", "shapes_packed", "standalone_crt"),
    ("mps2_an386", "foo_packed", "standalone_crt"),
    ("mps2_an386", "foo_graph", "standalone_crt"),
    ("mps2_an386", "keywords_packed", "standalone_crt"),
]


def family(name: str) -> str:
    return "foo" if name.startswith("pools") else name.split("_")[0]


@pytest.mark.parametrize(ON_BOARDS, on_boards(INTEGER), indirect=["runtime"])
def test_integer_models_are_exact(
    make_project: MakeProject, name: str, board: str, runtime: str
) -> None:
    inputs, expected = read_family(DATA / f"{family(name)}.npz")
    project = built(make_project, name, board=board, runtime=runtime, warning_as_error=True)
    with connect(project) as device:
        for sample, want in zip(inputs, expected, strict=True):
            check(device.model().run(sample), want)


@pytest.mark.parametrize(
    ON_BOARDS,
    on_boards(
        [
            ("host", "float_packed"),
            ("mps2_an386", "float_c"),
            ("mps2_an386", "float_graph"),
            ("mps2_an386", "float_packed", "standalone_crt"),
        ]
    ),
    indirect=["runtime"],
)
def test_float_models_agree(make_project: MakeProject, name: str, board: str, runtime: str) -> None:
    inputs, expected = read_family(DATA / "float.npz")
    with connect(built(make_project, name, board=board, runtime=runtime)) as device:
        for sample, want in zip(inputs, expected, strict=True):
            check(device.model().run(sample), want, exact=False)


@pytest.mark.parametrize(
    ON_BOARDS,
    # TVM's own server has one executor.
    on_boards([("host", "two_modules_c"), ("mps2_an386", "two_modules_pools_c")]),
    indirect=["runtime"],
)
def test_two_models_of_one_firmware_run_in_turn(
    make_project: MakeProject, name: str, board: str, runtime: str
) -> None:
    inputs, expected = read_family(DATA / "two_modules.npz")
    project = built(make_project, name, board=board, runtime=runtime)
    assert len(project.models) == 2
    with connect(project) as device:
        for sample, want in zip(inputs, expected, strict=True):
            for model, word in zip(project.models, ["first", "second"], strict=True):
                mine = {k: v for k, v in sample.items() if k.startswith(word)}
                outputs = device.model(model.name).run(mine)
                check(outputs, {k: v for k, v in want.items() if k.startswith(word)})


@pytest.mark.parametrize(
    ("name", "runtime"),
    [("objects_x86", "own"), ("objects_graph_x86", "own"), ("objects_graph_x86", "standalone_crt")],
    indirect=["runtime"],
)
@pytest.mark.skipif(machine.machine() != "x86_64", reason="the objects are for x86-64")
def test_kernels_from_llvm_run(make_project: MakeProject, name: str, runtime: str) -> None:
    samples = "foo" if name == "objects_x86" else "keywords"
    inputs, expected = read_family(DATA / f"{samples}.npz")
    with connect(built(make_project, name, runtime=runtime)) as device:
        for sample, want in zip(inputs, expected, strict=True):
            check(device.model().run(sample), want)


@pytest.mark.parametrize(
    ON_BOARDS,
    on_boards(
        [
            ("host", "graph"),
            ("mps2_an386", "c"),
            ("mps2_an386", "packed"),
            ("mps2_an386", "packed", "standalone_crt"),
        ]
    ),
    indirect=["runtime"],
)
def test_the_digits_are_the_references(
    make_project: MakeProject, name: str, board: str, runtime: str
) -> None:
    with np.load(DIGITS / "test_images.npz") as archive:
        images, reference = archive["image"][:20], archive["reference"][:20]
    project = built(make_project, DIGITS / f"digits_{name}.tar", board=board, runtime=runtime)
    with connect(project) as device:
        answers = [next(iter(device.model().run({"image": i}).values())) for i in images]
    np.testing.assert_array_equal(np.stack(answers), reference)


@pytest.mark.parametrize(
    ON_BOARDS,
    on_boards(
        [
            ("host", "foo_packed"),
            ("mps2_an386", "foo_packed"),
            ("host", "foo_graph", "standalone_crt"),
            ("mps2_an386", "foo_packed", "standalone_crt"),
        ]
    ),
    indirect=["runtime"],
)
def test_a_model_is_timed_by_the_boards_clock(
    make_project: MakeProject, name: str, board: str, runtime: str
) -> None:
    inputs, expected = read_family(DATA / "foo.npz")
    with connect(built(make_project, name, board=board, runtime=runtime)) as device:
        model = device.model()
        seconds = model.time(number=3, repeat=4, inputs=inputs[0])
        assert len(seconds) == 4 and all(0 < s < 10 for s in seconds)
        outputs, once = model.run_timed(inputs[1])
        check(outputs, expected[1])
        assert 0 < once < 10
