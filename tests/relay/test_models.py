"""MLPerf Tiny's models and the digits demo answer as TVM does, whoever drives them: tvmc,
`tvm.micro`, and our client without TVM."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.platforms.stm32cube.section import Stm32
from microtvm_boards.resources import template_dir
from microtvm_boards.run import connect
from tests import real_models
from tests.platforms.cube_tree import need_package
from tests.real_models import NAMES, SHARED, RealModel, real_model
from tests.relay.tvmc_here import Line, tvmc

tvm = pytest.importorskip("tvm")
pytestmark = pytest.mark.tvm

TEMPLATE = ("template", "--template-dir", template_dir())
MADE_BY_MICRO = (("aot", "mps2_an386"), ("graph", "host"))
EVERY_FIRMWARE = pytest.mark.parametrize(
    ("name", "executor", "board"),
    [
        pytest.param(name, executor, board, marks=pytest.mark.qemu if board != "host" else ())
        for name in NAMES
        for executor in ("aot", "graph")
        for board in ("host", "mps2_an386")
    ]
    # With ST's HAL, what fits.
    + [
        pytest.param(name, "aot", board, marks=[pytest.mark.qemu, pytest.mark.stm32cube])
        for name, board in (
            ("kws_int8", "netduinoplus2"),
            ("digits", "netduinoplus2"),
            ("digits", "stm32vldiscovery"),
        )
    ],
)


class Projects:
    """What tvmc makes of the models; each tar and each project once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.tar = cache(self._tar)
        self.project = cache(self._project)

    def inputs(self, name: str) -> Path:
        path = self._folder / f"{name}.npz"
        np.savez(path, **real_model(name).inputs[0])
        return path

    def _tar(self, name: str, executor: str) -> Path:
        tar = self._folder / f"{name}-{executor}.tar"
        options = f"""--target c --runtime crt --runtime-crt-system-lib 1 --executor {executor}
            --pass-config tir.disable_vectorize=1 --output-format mlf""".split()
        tvmc(["compile", *self._model(real_model(name)), *options, "--output", tar])
        return tar

    def _model(self, model: RealModel) -> Line:
        """Its file, and what tvmc has to be told about it."""
        if model.name != "digits":
            return [SHARED / f"{model.name}.tflite"]
        path = self._folder / "digits.relay"
        main = tvm.relay.build_module.bind_params_by_name(model.mod["main"], model.params)
        path.write_text(tvm.IRModule.from_expr(main).astext(show_meta_data=True))
        shapes = "image:[1,8,8,1]"
        return [path, *f"--model-format relay --module-name digits --input-shapes {shapes}".split()]

    def _project(self, name: str, executor: str, board: str) -> Path:
        if load_board(board).section(Stm32) is not None:
            need_package(load_board(board))
        project, tar = self._folder / f"{name}-{executor}-{board}", self.tar(name, executor)
        option = ["--project-option", f"board={board}"]
        if board == "stm32vldiscovery":
            option.append("stack_size_bytes=1536")  # what its 8 KB of RAM leave
        tvmc(
            ["micro", "create-project", project, tar, *TEMPLATE, *option],
            ["micro", "build", project, *TEMPLATE],
            ["micro", "flash", project, *TEMPLATE],
        )
        return project


@pytest.fixture(scope="module")
def micro() -> Any:
    from microtvm_boards.tvm import enable_micro

    enable_micro()
    return tvm.micro


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Projects:
    return Projects(tmp_path_factory.mktemp("models"))


def check(outputs: list[np.ndarray[Any, Any]], name: str, sample: int = 0) -> None:
    for got, want in zip(outputs, real_model(name).outputs[sample], strict=True):
        np.testing.assert_array_equal(got, want)


@EVERY_FIRMWARE
def test_tvmc_from_the_model_to_its_outputs(
    projects: Projects, tmp_path: Path, name: str, executor: str, board: str
) -> None:
    project, outputs = projects.project(name, executor, board), tmp_path / "outputs.npz"
    run = ["run", "--device", "micro", project]
    tvmc([*run, "--inputs", projects.inputs(name), "--outputs", outputs])
    with np.load(outputs) as answers:
        check([answers[f"output_{i}"] for i in range(len(answers.files))], name)


@EVERY_FIRMWARE
def test_a_session_of_tvm_micro(
    projects: Projects, micro: Any, tmp_path: Path, name: str, executor: str, board: str
) -> None:
    """tvm.micro makes every other project itself, and opens the others as tvmc made them."""
    if (executor, board) in MADE_BY_MICRO:
        factory, directory = real_models.compiled(name, executor), tmp_path / "project"
        project = micro.generate_project(template_dir(), factory, directory, {"board": board})
        project.build()
        project.flash()
    else:
        directory = projects.project(name, executor, board)
        project = micro.GeneratedProject.from_directory(directory, {})
    with micro.Session(project.transport()) as session:
        if executor == "aot":
            run = micro.create_local_aot_executor(session)
        else:
            (graph,) = (directory / "model" / "executor-config" / "graph").glob("*.graph")
            (params,) = (directory / "model" / "parameters").glob("*.params")
            run = micro.create_local_graph_executor(
                graph.read_text(), session.get_system_lib(), session.device
            )
            run.load_params(params.read_bytes())
        for sample, inputs in enumerate(real_model(name).inputs):
            run.set_input(**inputs)
            run.run()
            check([run.get_output(i).numpy() for i in range(run.get_num_outputs())], name, sample)
        if executor == "aot":  # TVM can't time the other: it runs here, for a device that is remote
            module = session.create_aot_executor()
            times = module.time_evaluator("run", session.device, number=1, repeat=2)().results
            assert len(times) == 2 and all(0 < seconds < 60 for seconds in times)


@EVERY_FIRMWARE
def test_our_client_needs_no_tvm(projects: Projects, name: str, executor: str, board: str) -> None:
    with connect(projects.project(name, executor, board)) as device:
        model = device.model()
        for sample, inputs in enumerate(real_model(name).inputs):
            check(list(model.run(inputs).values()), name, sample)
        assert all(0 < seconds < 60 for seconds in model.time(number=1, repeat=2))
