"""validate: boards agree with this computer, and a planted fault is found where it is."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.analysis.generated_inputs import Sample, edge_samples, random_sample
from microtvm_boards.analysis.validate import Settings, validate
from microtvm_boards.errors import ModelError, ProjectError
from microtvm_boards.project import Project
from tests.analysis.conftest import built, flip_bit, tvms_server
from tests.conftest import DATA, DIGITS
from tests.end_to_end.firmware import read_family

pytestmark = pytest.mark.tools

MakeProject = Callable[..., Project]


def samples_of(project: Project) -> list[Sample]:
    inputs = project.models[0].inputs
    return [random_sample(inputs, 1), *edge_samples(inputs)]


# (model library, entry point, constant of the fault, number of the call that uses it)
FAULTS = [
    (DIGITS / "digits_c.tar", "c", "fused_constant_1_let", 1),
    (DIGITS / "digits_packed.tar", "packed", "fused_constant_2_let", 2),
    (DATA / "foo_graph.tar", "packed", "mtvm_foo_param_4", 3),
    (DATA / "foo_c_nousmp.tar", "c", "fused_constant", 2),
]


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("mlf", "entrypoint", "constant", "call"), FAULTS, ids=[f"{m.stem}" for m, *_ in FAULTS]
)
def test_one_wrong_bit_in_a_constant_is_found_and_its_operator_named(
    make_project: MakeProject, mlf: Path, entrypoint: str, constant: str, call: int
) -> None:
    project = make_project(mlf, board="mps2_an386", model_entrypoint_api=entrypoint)
    built(project)
    before = validate(project, 0, samples_of(project))
    assert before.agrees
    assert before.first_difference is None

    flip_bit(project, constant)
    after = validate(project, 0, samples_of(project))
    assert not after.agrees
    found = after.first_difference
    assert found is not None
    assert (found.call, found.reason) == (call, "")
    assert found.function is not None
    assert found.function.startswith("tvmgen_")
    assert found.tensor is not None
    assert 0 < found.tensor.differing <= found.tensor.elements


def test_a_fault_in_a_second_model_is_found_in_that_model(make_project: MakeProject) -> None:
    project = built(make_project("two_modules_c"))
    flip_bit(project, "fused_constant_let", element=10, file="second_*.c")
    first, second = (
        validate(project, model, [random_sample(project.models[model].inputs, 0)])
        for model in (0, 1)
    )
    assert first.agrees
    found = second.first_difference
    assert found is not None
    assert (found.call, found.function) == (1, "tvmgen_second_fused_nn_conv2d")


@pytest.mark.qemu
@pytest.mark.parametrize("entrypoint", ["c", "packed"])
def test_a_fault_in_a_further_library_is_found_in_its_model(
    make_project: MakeProject, entrypoint: str
) -> None:
    """Both libraries have the same symbols; the firmware's names tell which one it is."""
    kind = "c" if entrypoint == "c" else "packed"
    tar = DATA / f"foo_{kind}.tar"
    project = built(
        make_project(
            tar,
            board="mps2_an386",
            model_entrypoint_api=entrypoint,
            more_models=[f"other:{tar}"],
        )
    )
    flip_bit(project, "fused_constant_let", folder="models/other")
    sound, faulty = (validate(project, model, samples_of(project)) for model in (0, 1))
    assert sound.agrees
    found = faulty.first_difference
    assert found is not None
    assert (found.call, found.function) == (2, "tvmgen_other_fused_nn_conv2d_add")


def test_a_fault_under_tvms_own_server_is_found_operator_by_operator(
    make_project: MakeProject, standalone_crt: Path
) -> None:
    """The graph is driven from here; its constants are in the code."""
    options = tvms_server(standalone_crt)
    graph = built(make_project("foo_graphlp", **options))
    assert validate(graph, 0, samples_of(graph)).agrees
    flip_bit(graph, "fused_constant")
    found = validate(graph, 0, samples_of(graph)).first_difference
    assert found is not None
    assert (found.call, found.function) == (2, "tvmgen_foo_fused_nn_conv2d_add")

    whole = built(make_project("foo_packed", **options))
    assert validate(whole, 0, samples_of(whole)).agrees
    flip_bit(whole, "fused_constant_let")
    unnamed = validate(whole, 0, samples_of(whole)).first_difference
    assert unnamed is not None
    assert unnamed.call is None
    assert "runs an ahead-of-time model as a whole" in unnamed.reason


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the objects are for x86-64")
@pytest.mark.parametrize("name", ["objects_x86", "objects_graph_x86", "objects_packed_x86"])
def test_kernels_in_objects_are_compared_with_themselves(
    make_project: MakeProject, name: str
) -> None:
    project = built(make_project(name))
    assert validate(project, 0, samples_of(project)).agrees


def test_floats_agree_up_to_ulps_and_a_fault_among_them_is_found(
    make_project: MakeProject,
) -> None:
    project = built(make_project("float_packed", model_entrypoint_api="packed"))
    sample = random_sample(project.models[0].inputs, 0)
    exact = validate(project, 0, [sample], settings=Settings(ulps=0.0))
    assert exact.agrees  # the same compiler for both

    lib = next((project.directory / "model").rglob("float_lib0.c"))
    text = lib.read_text()
    start = text.index(".fused_constant_let = {")
    number = text.index("0x1.", start)
    digit = text[number + 4]
    lib.write_text(f"{text[: number + 4]}{int(digit, 16) ^ 4:x}{text[number + 5 :]}")
    built(project)
    found = validate(project, 0, [sample])
    assert found.first_difference is not None
    assert found.first_difference.function == "tvmgen_float_fused_nn_conv2d_add_nn_relu"
    assert found.samples[0].outputs[0].ulps is not None


def test_expected_outputs_come_before_this_computers(make_project: MakeProject) -> None:
    project = built(make_project("foo_c"))
    inputs, outputs = read_family(DATA / "foo.npz")
    samples = [Sample(str(i), row) for i, row in enumerate(inputs)]
    assert validate(project, 0, samples, outputs).against == "expected outputs"
    assert validate(project, 0, samples, outputs).agrees

    # Other expectations than what the model computes anywhere: no operator is to blame.
    wrong = [{name: array + np.int8(1) for name, array in row.items()} for row in outputs]
    found = validate(project, 0, samples, wrong)
    assert not found.agrees
    assert found.first_difference is not None
    assert found.first_difference.call is None
    assert found.first_difference.reason.startswith("Every operator agrees")


def test_a_fault_outside_of_operators_names_none(make_project: MakeProject) -> None:
    project = built(make_project("foo_c"))
    harness = project.directory / "src" / "app" / "c_harness.c"
    text = harness.read_text()
    line = "  mtvm_status_t status = mtvm_model_run(index, inputs, outputs);\n"
    assert line in text
    harness.write_text(text.replace(line, line + "  ((uint8_t *)outputs[0].data)[0] ^= 1;\n"))
    built(project)
    found = validate(project, 0, [random_sample(project.models[0].inputs, 0)]).first_difference
    assert found is not None
    assert (found.call, found.function, found.tensor) == (None, None, None)
    assert "memory, stack or how the compiler" in found.reason


def test_the_reference_is_the_model_that_the_project_was_made_of(
    make_project: MakeProject,
) -> None:
    project = built(make_project("foo_c"))
    project.mlf.write_bytes((DATA / "foo_packed.tar").read_bytes())
    with pytest.raises(ProjectError, match="not the model that the project was made of"):
        validate(project, 0, samples_of(project))


def test_what_cannot_be_validated_says_what_can(make_project: MakeProject) -> None:
    project = make_project("foo_c", app="minimal")
    with pytest.raises(ProjectError, match="app minimal") as error:
        validate(project, 0, samples_of(project))
    assert "--app harness" in error.value.hint
    project = make_project("foo_c")
    with pytest.raises(ProjectError, match="is not built"):
        validate(project, 0, samples_of(project))


@pytest.mark.qemu
def test_kernels_for_another_processor_need_expected_outputs(make_project: MakeProject) -> None:
    project = built(make_project("objects_arm", board="mps2_an385"))
    with pytest.raises(ModelError, match="can't be compiled for this computer") as error:
        validate(project, 0, samples_of(project))
    assert "--expected" in error.value.hint
    assert "--reference" in error.value.hint
    inputs, outputs = read_family(DATA / "foo.npz")
    assert validate(project, 0, [Sample("0", inputs[0])], outputs[:1]).agrees

    wrong = {name: array + np.int8(1) for name, array in outputs[0].items()}
    found = validate(project, 0, [Sample("0", inputs[0])], [wrong]).first_difference
    assert found is not None
    assert "can't be compared one by one" in found.reason
