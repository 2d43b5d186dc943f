"""MLPerf Tiny's models and the digits demo in a session of `tvm.micro`, as TVM computes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.resources import template_dir
from tests.conftest import DIGITS

tvm = pytest.importorskip("tvm")
pytestmark = pytest.mark.tvm

MODELS = Path(__file__).resolve().parents[3] / "shared" / "models"
BOARDS = ("host", "mps2_an386")
IMAGES = 5  # of the digits


def project_of(directory: Path, tar: Path, board: str) -> Any:
    from microtvm_boards.tvm import enable_micro

    enable_micro()
    project = tvm.micro.project.generate_project_from_mlf(
        template_dir(), directory, tar, {"board": board}
    )
    project.build()
    project.flash()
    return project


def executor_of(session: Any, factory: Any) -> Any:
    """Of the AOT executor where `factory` has no graph."""
    if factory is None or not hasattr(factory, "graph_json_str"):
        return tvm.micro.create_local_aot_executor(session)
    executor = tvm.micro.create_local_graph_executor(
        factory.get_graph_json(), session.get_system_lib(), session.device
    )
    executor.load_params(tvm.runtime.save_param_dict(factory.get_params()))
    return executor


@pytest.mark.qemu
@pytest.mark.parametrize("executor", ["aot", "graph"])
@pytest.mark.parametrize("model", ["kws_int8", "ad01_int8", "resnet8_int8"])
def test_mlperf_tiny(tmp_path: Path, model: str, executor: str) -> None:
    from microtvm_boards.tvm import build_module, import_tflite, reference_outputs, write_mlf

    path = MODELS / f"{model}.tflite"
    if not path.is_file():
        pytest.skip(f"there is no {path.name} in ../shared/models")
    mod, params = import_tflite(path)
    kind: Any = executor
    factory = build_module(mod, params, executor=kind, system_lib=True)
    tar = write_mlf([factory], tmp_path / "model.tar")
    (tensor,) = [p for p in mod["main"].params if p.name_hint not in params]
    shape = [int(n) for n in tensor.type_annotation.shape]
    inputs = {tensor.name_hint: np.random.default_rng(1).integers(-128, 128, shape, "int8")}
    (want,) = reference_outputs(mod, params, inputs)
    for board in BOARDS:
        project = project_of(tmp_path / board, tar, board)
        with tvm.micro.Session(project.transport()) as session:
            run = executor_of(session, factory)
            run.set_input(**inputs)
            run.run()
            np.testing.assert_array_equal(run.get_output(0).numpy(), want)


@pytest.mark.qemu
@pytest.mark.parametrize("board", BOARDS)
def test_digits(tmp_path: Path, board: str) -> None:
    project = project_of(tmp_path / board, DIGITS / "digits_packed.tar", board)
    with (
        tvm.micro.Session(project.transport()) as session,
        np.load(DIGITS / "test_images.npz") as file,
    ):
        run = executor_of(session, None)
        for image, want in list(zip(file["image"], file["reference"], strict=True))[:IMAGES]:
            run.set_input("image", image)
            run.run()
            np.testing.assert_array_equal(run.get_output(0).numpy(), want)
