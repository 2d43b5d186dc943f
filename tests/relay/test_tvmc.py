"""tvmc from a model to its outputs, and `microtvm-boards tvmc`."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.platforms.stm32cube.section import Stm32
from microtvm_boards.resources import template_dir
from tests.conftest import DATA
from tests.platforms.cube_tree import need_package
from tests.relay.conftest import make_model
from tests.relay.tvmc_here import Line, exit_code, tvmc

tvm = pytest.importorskip("tvm")
pytestmark = pytest.mark.tvm

TEMPLATE = ("template", "--template-dir", str(template_dir()))


def program(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "microtvm_boards.cli", "tvmc", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@dataclass(frozen=True)
class Case:
    """A model as a file that tvmc reads, and one sample with TVM's own outputs for it."""

    model: Path
    inputs: Path
    outputs: list[np.ndarray]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    from microtvm_boards.tvm import reference_outputs

    folder = tmp_path_factory.mktemp("case")
    mod, params = make_model()
    inputs = {"x": np.random.default_rng(1).integers(-128, 128, (1, 6, 6, 2), "int8")}
    np.savez(folder / "inputs.npz", **inputs)
    outputs = reference_outputs(mod, params, inputs)
    mod["main"] = tvm.relay.build_module.bind_params_by_name(mod["main"], params)
    (folder / "model.relay").write_text(mod.astext(show_meta_data=True))
    return Case(folder / "model.relay", folder / "inputs.npz", outputs)


def compile_line(case: Case, tar: Path, executor: str) -> Line:
    options = f"""--model-format relay --input-shapes x:[1,6,6,2] --target c --runtime crt
        --runtime-crt-system-lib 1 --executor {executor} --pass-config tir.disable_vectorize=1
        --output-format mlf --output""".split()
    return ["compile", case.model, *options, tar]


@pytest.mark.parametrize(
    ("board", "executor"),
    [
        ("host", "aot"),
        pytest.param("mps2_an386", "graph", marks=pytest.mark.qemu),
        pytest.param("netduinoplus2", "aot", marks=[pytest.mark.qemu, pytest.mark.stm32cube]),
    ],
)
def test_a_model_of_several_outputs_answers_as_tvm_does(
    tmp_path: Path, case: Case, board: str, executor: str
) -> None:
    """test_models.py has the other combinations, with one output."""
    if load_board(board).section(Stm32) is not None:
        need_package(load_board(board))
    tar, project, outputs = (tmp_path / name for name in ("model.tar", "project", "outputs.npz"))
    run = ["run", "--device", "micro", project]
    tvmc(
        compile_line(case, tar, executor),
        ["micro", "create-project", project, tar, *TEMPLATE, "--project-option", f"board={board}"],
        ["micro", "build", project, *TEMPLATE],
        ["micro", "flash", project, *TEMPLATE],
        [*run, "--inputs", case.inputs, "--outputs", outputs],
        [*run, "--fill-mode", "random"],
    )
    with np.load(outputs) as answers:
        assert len(answers.files) == len(case.outputs)
        for number, want in enumerate(case.outputs):
            np.testing.assert_array_equal(answers[f"output_{number}"], want)


def test_its_help_is_ours_without_tvm_and_tvmcs_with_a_dash(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "All arguments are tvmc's" in program("--help").stdout
    assert "TVM compiler driver" in program("-h").stdout
    tvmc(["run", "--help"])
    assert "--print-top" in capsys.readouterr().out


def test_the_exit_code_is_tvmcs(capsys: pytest.CaptureFixture[str]) -> None:
    tvmc(["--version"])
    assert capsys.readouterr().out.strip() == tvm.__version__
    assert exit_code(["no-such-command"]) == 2
    assert "invalid choice" in capsys.readouterr().err
    missing = program("run", "no-such-file", "--device", "cpu")
    assert (missing.returncode, missing.stderr) == (4, "Error: File no-such-file does not exist.\n")


def test_without_tvm_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "tvm.py").write_text("raise ModuleNotFoundError(name='tvm')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
    code += "from microtvm_boards.cli.app import run; sys.exit(run(['tvmc', '--version']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 6
    assert "no package `tvm` is installed" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_c_project_is_refused_with_the_reason(tmp_path: Path) -> None:
    options = ("--project-option", "board=host", "model_entrypoint_api=c")
    project = tmp_path / "project"
    tvmc(
        ["micro", "create", project, DATA / "foo_c.tar", *TEMPLATE, *options],
        ["micro", "build", project, *TEMPLATE],
    )
    refused = program("run", "--device", "micro", project, "--fill-mode", "ones")
    assert refused.returncode == 4
    assert "has the entry point c" in refused.stderr
    assert "--model-entrypoint-api packed" in refused.stderr
    assert "Could not open a session" in refused.stderr
    assert "Traceback" not in refused.stderr
