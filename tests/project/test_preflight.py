"""What `create` says about memory before anything is compiled."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.errors import ProjectError
from microtvm_boards.mlf import load
from microtvm_boards.mlf.c.features import FEATURES, function_features
from microtvm_boards.project import Project
from microtvm_boards.project.needs.code_size import TABLE, architecture, measured_code
from microtvm_boards.resources import board_configs
from tests.conftest import DATA
from tests.project.test_buffers import planned

MakeProject = Callable[..., Project]


def by_kind(name: str, **options: object) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for need in planned(name, **options).needs:
        sizes[need.kind] = sizes.get(need.kind, 0) + need.size_bytes
    return sizes


def test_everything_is_in_the_table() -> None:
    c = by_kind("foo_c")
    assert c["constants"] == 1104
    assert (c["activations"], c["inputs"], c["outputs"]) == (2784, 384, 272)
    assert 256 <= c["stack"] <= 1024
    packed = by_kind("foo_c", model_entrypoint_api="packed")
    assert packed.keys() >= {"tensor_heap", "packet", "ring", "rpc", "stack", "model_code"}


def test_constants_are_those_of_the_code_or_of_the_parameters() -> None:
    weights = 640 + 216 + 216 + 16
    assert by_kind("foo_c_nousmp")["constants"] == weights
    assert by_kind("foo_graphlp")["constants"] == weights
    # The graph has one scalar more.
    assert by_kind("foo_graph")["constants"] == weights + 4


def test_only_code_and_stack_are_estimates() -> None:
    kinds = {need.kind: need.estimate for need in planned("foo_c").needs}
    assert {kind for kind, estimate in kinds.items() if estimate} == {
        "model_code",
        "own_code",
        "libraries",
        "stack",
    }


def test_a_minimal_app_has_buffers_for_each_model() -> None:
    """The harness has one set, as large as the largest."""
    assert by_kind("two_modules_c")["inputs"] == 144
    assert by_kind("two_modules_c", app="minimal")["inputs"] == 64 + 144


def small_flash(tmp_path: Path, size: int) -> str:
    path = tmp_path / f"flash{size}.yaml"
    text = (board_configs() / "mps2_an386.yaml").read_text()
    path.write_text(text.replace("size: 4M, use: flash", f"size: {size}, use: flash"))
    return str(path)


def test_an_estimate_that_does_not_fit_warns(make_project: MakeProject, tmp_path: Path) -> None:
    project = make_project("foo_c", board=small_flash(tmp_path, 3000))
    (warning,) = project.manifest.warnings
    assert warning.startswith("FLASH: about ")
    assert "3000 B are there" in warning


def test_constants_that_do_not_fit_are_refused(make_project: MakeProject, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="FLASH: needed 1104 B, available 1000 B"):
        make_project("foo_c", board=small_flash(tmp_path, 1000))


def test_a_model_of_usual_size_needs_the_code_of_ours_that_was_measured() -> None:
    """foo has as many tensors as the models that were measured; through the C interface they have
    no descriptors."""
    result = planned("foo_c")
    measured = measured_code(
        result.board.cpu,
        platform=result.platform,
        kind=result.options.kind,
        optimization=result.options.optimization,
    )
    assert measured is not None and result.code is not None
    assert measured.model == 0
    assert (measured.own, measured.libraries) == (result.code.own, result.code.libraries)


def test_a_board_of_another_architecture_has_no_estimate() -> None:
    assert architecture(load_board("host").cpu) is None
    assert "model_code" not in by_kind("foo_c", board="host")


def test_the_table_has_a_weight_for_every_feature() -> None:
    table = json.loads(TABLE.read_text())
    for by_optimization in table["weights"].values():
        assert by_optimization.keys() == {"none", "debug", "size", "speed"}
        assert all(len(weights) == len(FEATURES) for weights in by_optimization.values())


def test_every_function_of_generated_code_is_weighed() -> None:
    model = load(DATA / "foo_c.tar")
    text = b"".join(model.files[s] for s in model.modules[0].sources).decode()
    names = [function.name for function in function_features(text)]
    assert len(names) == len(set(names)) == 9
    assert all(sum(function.counts) > 2 for function in function_features(text))
