"""MLPerf Tiny's models and the digits demo in a session of `tvm.micro`, as TVM computes them."""

from __future__ import annotations

from dataclasses import dataclass
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
# Bytes. A graph's parameters go to an emulated UART at 30 kB/s; one model shows that they do.
MOST_UPLOADED = 100_000


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


@dataclass(frozen=True)
class Imported:
    mod: Any
    params: dict[str, Any]
    inputs: dict[str, np.ndarray]
    output: np.ndarray


@pytest.fixture(scope="module", params=["kws_int8", "ad01_int8", "resnet8_int8"])
def imported(request: pytest.FixtureRequest) -> Imported:
    from microtvm_boards.tvm import import_tflite, reference_outputs

    path = MODELS / f"{request.param}.tflite"
    if not path.is_file():
        pytest.skip(f"there is no {path.name} in ../shared/models")
    mod, params = import_tflite(path)
    (tensor,) = [p for p in mod["main"].params if p.name_hint not in params]
    shape = [int(n) for n in tensor.type_annotation.shape]
    inputs = {tensor.name_hint: np.random.default_rng(1).integers(-128, 128, shape, "int8")}
    (output,) = reference_outputs(mod, params, inputs)
    return Imported(mod, params, inputs, output)


@pytest.mark.qemu
@pytest.mark.parametrize("executor", ["aot", "graph"])
def test_mlperf_tiny(tmp_path: Path, imported: Imported, executor: Any) -> None:
    from microtvm_boards.tvm import build_module, write_mlf

    factory = build_module(imported.mod, imported.params, executor=executor, system_lib=True)
    tar = write_mlf([factory], tmp_path / "model.tar")
    size = sum(array.numpy().nbytes for array in factory.get_params().values())
    for board in BOARDS:
        if board != "host" and executor == "graph" and size > MOST_UPLOADED:
            continue
        project = project_of(tmp_path / board, tar, board)
        with tvm.micro.Session(project.transport()) as session:
            run = executor_of(session, factory)
            run.set_input(**imported.inputs)
            run.run()
            np.testing.assert_array_equal(run.get_output(0).numpy(), imported.output)


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
