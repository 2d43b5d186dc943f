"""`microtvm-boards compile`: what wins is smaller than TVM's default, and computes the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.compile.candidates import Minimize, Verdict
from microtvm_boards.compile.compile import Compiled, Wanted, compile_for_board
from microtvm_boards.errors import (
    BoardError,
    ModelError,
    ProjectError,
    ToolNotFoundError,
    UsageError,
)
from microtvm_boards.mlf import load
from microtvm_boards.project import Project
from microtvm_boards.resources import board_configs
from tests.end_to_end.firmware import assert_equal, build_and_run
from tests.relay.test_docs import MODEL as KWS
from tests.relay.test_docs import blocks, run

pytestmark = pytest.mark.tvm

Model = tuple[Any, dict[str, Any]]
MakeProject = Callable[..., Project]

BOARD = "mps2_an386"  # an emulated Cortex-M4
RESNET = KWS.with_name("resnet8_int8.tflite")
TRAP = "arm_cpu keys, hill_climb, without AlterOpLayout"
SECONDS = 600  # other work may share the processors


def need(*paths: Path) -> None:
    pytest.importorskip("tvm")
    for path in paths:
        if not path.is_file():
            pytest.skip(f"there is no {path.name} in ../shared/models")
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def compile_cli(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "microtvm_boards.cli", "compile", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**os.environ, **environment},
    )


def assert_equals_tvm(project: Project, model: Path) -> None:
    """On an input that `compile` didn't try."""
    from microtvm_boards.tvm import import_tflite, reference_outputs

    mod, params = import_tflite(model)
    (tensor,) = project.models[0].inputs
    sample = np.random.default_rng(99).integers(-128, 128, tensor.shape, "int8")
    expected = reference_outputs(mod, params, {tensor.name: sample})
    (result,) = build_and_run(project, [{tensor.name: sample}])
    assert_equal(result, {f"output{i}": array for i, array in enumerate(expected)})


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where docs/compile.md was followed to the letter; table.txt is what `compile` printed."""
    need(KWS)
    directory = tmp_path_factory.mktemp("compile")
    (directory / KWS.name).symlink_to(KWS)
    output = [
        run(["bash", "-ec"], text, directory, seconds=SECONDS) for _, text in blocks("compile.md")
    ]
    (directory / "table.txt").write_text(output[0])
    return directory


@pytest.mark.qemu
def test_kws_needs_less_than_half_of_tvms_default_and_the_wrong_candidate_is_named(
    page: Path, make_project: MakeProject
) -> None:
    lines = (page / "table.txt").read_text().splitlines()
    rows = {}
    for line in lines[2:]:
        if match := re.match(r"(?:\* |  )(\S.*?)  +([\d,]+) .* (equal|WRONG)  +(.*)", line):
            rows[match[1]] = (int(match[2].replace(",", "")), match[3], match[4])
    (chosen,) = [name for name in rows if any(line.startswith(f"* {name}  ") for line in lines)]
    assert rows["c keys, greedy_by_size (TVM's default)"] == (104_192, "equal", BOARD)
    assert rows[chosen][0] <= 49_000
    workspace, outputs, why = rows[TRAP]
    assert (workspace, outputs) == (44_672, "WRONG")
    assert re.search(r"\d+ of 12 values of \w+ differ, random input 1", why)
    assert load(page / "kws.tar").modules[0].workspace_bytes == rows[chosen][0]
    assert_equals_tvm(make_project(page / "kws.tar", board=BOARD, optimization="speed"), KWS)


@pytest.mark.qemu
def test_the_table_in_the_docs_is_the_one_that_is_printed(page: Path) -> None:
    """Figures of the C compiler and of the clock aside."""
    (shown,) = [text for _, text in blocks("compile.md", "text")]

    def steady(text: str) -> list[list[str]]:
        rows = [re.split(r" {2,}", line.strip()) for line in text.splitlines()]
        return [[*row[:3], *row[-2:]] if len(row) > 5 else row for row in rows]

    assert steady((page / "table.txt").read_text()) == steady(shown)


@pytest.mark.qemu
def test_resnet8_may_use_the_options_that_are_wrong_for_kws(
    tmp_path: Path, make_project: MakeProject
) -> None:
    need(RESNET)
    tar = tmp_path / "resnet8.tar"
    done = compile_cli(RESNET, "--board", BOARD, "--minimize", "ram", "-o", tar, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["chosen"] == TRAP
    assert {c["outputs"] for c in document["candidates"]} == {"equal"}
    (chosen,) = [c for c in document["candidates"] if c["chosen"]]
    assert chosen["workspace_bytes"] == load(tar).modules[0].workspace_bytes <= 63_000
    assert_equals_tvm(make_project(tar, board=BOARD, optimization="speed"), RESNET)


def small_board(tmp_path: Path, old: str, new: str) -> str:
    """A file of BOARD with one text changed."""
    text = (board_configs() / f"{BOARD}.yaml").read_text()
    assert old in text
    path = tmp_path / "small.yaml"
    path.write_text(text.replace(old, new))
    return str(path)


def compile_small(
    model: Model, tmp_path: Path, board: str = "host", progress: Any = None, **wanted: Any
) -> Compiled:
    pytest.importorskip("tvm")
    output = tmp_path / "model.tar"
    return compile_for_board(model, board, output, Wanted(**wanted), progress=progress)


def test_the_host_gets_c_keys_and_is_its_own_place_to_check(model: Model, tmp_path: Path) -> None:
    lines: list[str] = []
    compiled = compile_small(model, tmp_path, progress=lines.append)
    assert compiled.chosen in compiled.candidates
    assert {c.recipe.target for c in compiled.candidates} == {"c"}
    assert {(c.verdict, c.note) for c in compiled.candidates} == {(Verdict.EQUAL, "this computer")}
    assert all(c.flash_bytes is None and c.instructions is None for c in compiled.candidates)
    assert any("constants alone" in note for note in compiled.notes)
    assert "2 of 2, c keys, hill_climb: checking on this computer" in lines
    (module,) = load(tmp_path / "model.tar").modules
    assert module.workspace_bytes == compiled.chosen.workspace_bytes


@pytest.fixture(scope="session")
def emulated(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    need()
    directory = tmp_path_factory.mktemp("emulated")
    return compile_small(model, directory, BOARD, minimize=Minimize.INSTRUCTIONS)


@pytest.mark.qemu
def test_a_board_in_an_emulator_tells_all_costs_and_the_quickest_wins(emulated: Compiled) -> None:
    assert {c.verdict for c in emulated.candidates} == {Verdict.EQUAL}
    assert len(emulated.candidates) == 4
    counts = [c.instructions for c in emulated.candidates if c.instructions]
    assert len(counts) == 4
    assert (emulated.chosen.instructions or 0) <= 1.001 * min(counts)
    for c in emulated.candidates:
        assert (c.flash_bytes or 0) > (c.constants_bytes or 0) > 0
        assert c.frame_bytes


COMPILE = """
import sys
from pathlib import Path
from microtvm_boards.compile.candidates import Minimize
from microtvm_boards.compile.compile import Wanted, compile_for_board
from tests.relay.conftest import make_model
compile_for_board(
    make_model(), "mps2_an386", Path(sys.argv[1]), Wanted(Minimize.INSTRUCTIONS)
)
"""


@pytest.mark.qemu
def test_the_same_call_in_another_process_gives_the_same_bytes(
    emulated: Compiled, python: Callable[..., str], tmp_path: Path
) -> None:
    python(COMPILE, tmp_path / "again.tar", PYTHONHASHSEED="7")
    assert (tmp_path / "again.tar").read_bytes() == emulated.output.read_bytes()


@pytest.mark.qemu
def test_kernels_for_dsp_instructions_run_on_another_board_with_the_core(
    model: Model, tmp_path: Path
) -> None:
    """This one is in no emulator that runs bare metal."""
    need()
    compiled = compile_small(model, tmp_path, "nucleo_f411re", minimize=Minimize.FLASH)
    places = {c.recipe.name: c.note for c in compiled.candidates}
    assert places["c keys, hill_climb"] == "this computer"
    assert places["arm_cpu keys, hill_climb"] == BOARD
    assert all(c.instructions is None for c in compiled.candidates)


def test_a_tar_for_rpc_has_the_library_of_functions(
    model: Model, tmp_path: Path, make_project: MakeProject
) -> None:
    compile_small(model, tmp_path, entrypoint="packed", name="trio")
    loaded = load(tmp_path / "model.tar")
    assert loaded.system_lib and loaded.modules[0].name == "trio"
    project = make_project(tmp_path / "model.tar", board="host", model_entrypoint_api="packed")
    assert project.entrypoint == "packed"


def test_several_inputs_of_any_type_and_spelling(tmp_path: Path) -> None:
    pytest.importorskip("tvm")
    from tvm import IRModule, relay

    a = relay.var("serving:a", shape=(2, 3), dtype="float32")
    b = relay.var("serving:b", shape=(2, 3), dtype="int32")
    both = relay.Tuple([relay.exp(a), a - relay.cast(b, "float32"), b * relay.const(3)])
    compiled = compile_small((IRModule.from_expr(relay.Function([a, b], both)), {}), tmp_path)
    assert {c.verdict for c in compiled.candidates} == {Verdict.EQUAL}


def test_a_shape_that_is_not_fixed_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("tvm")
    from tvm import IRModule, relay

    x = relay.var("x", shape=(relay.Any(), 4), dtype="int8")
    dynamic = IRModule.from_expr(relay.Function([x], relay.nn.relu(x)))
    with pytest.raises(ModelError, match=r'input "x" has the shape \[\?, 4\].*every extent fixed'):
        compile_small((dynamic, {}), tmp_path)


def test_what_fits_no_memory_is_refused_with_needed_and_available(
    model: Model, tmp_path: Path
) -> None:
    board = small_board(tmp_path, "size: 4M, use: ram", "size: 4K, use: ram")
    with pytest.raises(ProjectError, match="fits the board mps2_an386") as caught:
        compile_small(model, tmp_path, board)
    assert re.search(r"RAM: needed \d+ B, available 4096 B", str(caught.value))
    assert not (tmp_path / "model.tar").exists()


def without(tmp_path: Path, *programs: str) -> str:
    """A PATH on which these programs are missing."""
    directory = tmp_path / "bin"
    directory.mkdir()
    for folder in os.environ["PATH"].split(os.pathsep):
        for path in Path(folder).glob("*"):
            link = directory / path.name
            if not path.name.startswith(programs) and not link.exists():
                link.symlink_to(path)
    return str(directory)


def test_what_nothing_here_can_run_does_not_win(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", without(tmp_path, "qemu-system-arm"))
    with pytest.raises(ToolNotFoundError, match="No candidate is known to be right") as caught:
        compile_small(model, tmp_path, BOARD)
    assert "unchecked: needs qemu-system-arm" in str(caught.value)
    assert not (tmp_path / "model.tar").exists()


def test_without_the_boards_compiler_plain_c_wins_and_the_note_says_what_is_unknown(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", without(tmp_path, "arm-none-eabi-"))
    compiled = compile_small(model, tmp_path, "nucleo_f411re", minimize=Minimize.FLASH)
    assert compiled.chosen.recipe.target == "c"
    assert compiled.chosen.flash_bytes is None
    (note,) = compiled.notes
    assert "arm-none-eabi-gcc is not on the PATH: flash counts constants alone" in note
    dsp = [c for c in compiled.candidates if c.recipe.target != "c"]
    assert {(c.verdict, c.note) for c in dsp} == {(Verdict.UNCHECKED, "needs arm-none-eabi-gcc")}


def test_instructions_need_a_board_whose_emulator_counts_them(tmp_path: Path) -> None:
    for board in ("host", "nucleo_f411re"):
        with pytest.raises(UsageError, match=rf"can't be counted on board {board}") as caught:
            compile_for_board(KWS, board, tmp_path / "model.tar", Wanted(Minimize.INSTRUCTIONS))
        assert "--minimize ram or flash" in caught.value.hint


@pytest.mark.parametrize(
    ("file", "content", "error", "words"),
    [
        ("model.tflite", None, ModelError, "No such file"),
        ("model.tflite", b"PK\x03\x04 a zip", ModelError, "not a TensorFlow Lite model"),
        ("model.tflite", b"\x1c\x00\x00\x00TFL3 damaged", ModelError, "can't import"),
        ("model.h5", b"", UsageError, "ends in .h5; what can be read are .tflite and .onnx files"),
        ("model", b"", UsageError, "ends in no suffix"),
        ("model.tar", b"", UsageError, "takes Model Library Format tars as they are"),
    ],
)
def test_a_file_that_is_no_model_is_refused(
    tmp_path: Path, file: str, content: bytes | None, error: type[Exception], words: str
) -> None:
    pytest.importorskip("tvm")
    path = tmp_path / file
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=re.escape(words)):
        compile_for_board(path, "host", tmp_path / "out.tar")


def test_wrong_arguments_are_refused_before_anything_is_compiled(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match='Did you mean "mps2_an386"'):
        compile_for_board(KWS, "mps2_an368", tmp_path / "model.tar")
    with pytest.raises(UsageError, match='"2nd" is no name'):
        compile_for_board(KWS, "host", tmp_path / "model.tar", Wanted(name="2nd"))
    with pytest.raises(UsageError, match=r"There is no directory .*/nowhere"):
        compile_for_board(KWS, "host", tmp_path / "nowhere" / "model.tar")
    done = compile_cli("a.tflite", "--board", "host", "-o", "a.tar", "--minimize", "time")
    assert done.returncode == UsageError.exit_code
    assert "'ram', 'flash', 'instructions'" in done.stderr


def test_without_tvm_the_message_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "tvm.py").write_text("raise ModuleNotFoundError('none', name='tvm')")
    (tmp_path / "model.tflite").write_bytes(b"\x1c\x00\x00\x00TFL3")
    arguments = (tmp_path / "model.tflite", "--board", "host", "-o", tmp_path / "model.tar")
    done = compile_cli(*arguments, PYTHONPATH=str(tmp_path))
    assert done.returncode == ToolNotFoundError.exit_code
    assert "no package `tvm` is installed" in done.stderr
    assert "pip install 'microtvm-boards[tvm]'" in done.stderr


def test_without_onnx_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tvm")
    monkeypatch.setitem(sys.modules, "onnx", None)
    (tmp_path / "model.onnx").write_bytes(b"")
    with pytest.raises(ToolNotFoundError, match="package `onnx`") as caught:
        compile_for_board(tmp_path / "model.onnx", "host", tmp_path / "model.tar")
    assert caught.value.hint == "pip install 'microtvm-boards[tvm]'"


def test_onnx_files_are_read(tmp_path: Path) -> None:
    pytest.importorskip("tvm")
    import onnx

    helper, path = onnx.helper, tmp_path / "model.onnx"

    def save(batch: int | str) -> None:
        x, y = (helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [batch, 4]) for n in "xy")
        graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", [x], [y])
        opset = [helper.make_opsetid("", 13)]
        onnx.save(helper.make_model(graph, opset_imports=opset), path)

    save(1)
    compiled = compile_for_board(path, "host", tmp_path / "model.tar")
    assert compiled.chosen.verdict is Verdict.EQUAL
    save("N")
    with pytest.raises(ModelError, match=r"shape \[\?, 4\]"):
        compile_for_board(path, "host", tmp_path / "model.tar")
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ModelError, match="can't import"):
        compile_for_board(path, "host", tmp_path / "model.tar")
