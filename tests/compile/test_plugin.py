"""Compiling with a compiler from another package: found, tried, checked, chosen; without TVM."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from microtvm_boards import plugins
from microtvm_boards.compile.candidates import Candidate, Verdict
from microtvm_boards.compile.compile import Wanted, compile_for_board
from microtvm_boards.compile.compiler import compiler_named
from microtvm_boards.compile.expected import expected_outputs
from microtvm_boards.errors import ModelError, ToolNotFoundError, UsageError
from microtvm_boards.mlf import load
from microtvm_boards.model import Tensor
from microtvm_boards.plugins import COMPILERS
from tests.compile import adder
from tests.plugins.installed import install


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package is installed, and there is no TVM."""
    install(tmp_path, "adding", {COMPILERS.entry_points: {"adder": f"{adder.__name__}:Adder"}}, "")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "tvm", None)
    plugins._entry_points.cache_clear()
    yield
    plugins._entry_points.cache_clear()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "seven.number"
    path.write_text("7")
    return path


@pytest.mark.tools
def test_the_smallest_that_is_right_wins_and_the_others_say_why_not(
    model: Path, tmp_path: Path
) -> None:
    lines: list[str] = []
    wanted = Wanted(name="seven", tuning=[model, model])
    compiled = compile_for_board(
        model, "host", tmp_path / "model.tar", wanted, compiler="adder", progress=lines.append
    )
    assert compiled.chosen.recipe.name == "small"
    found: dict[str, Candidate] = {c.recipe.name: c for c in compiled.candidates}
    assert list(found) == [recipe.name for recipe in adder.RECIPES]
    assert {name: c.verdict for name, c in found.items()} == {
        "large": Verdict.EQUAL,
        "saturates": Verdict.WRONG,
        "small": Verdict.EQUAL,
        "no C": Verdict.FAILED,
        "refused": Verdict.FAILED,
    }
    assert "differ, random input" in found["saturates"].note or "maximum" in found["saturates"].note
    assert found["refused"].note == "The adder is tired."
    assert compiled.notes[-1] == "2 tunings."
    assert "added for c" in lines
    (module,) = load(tmp_path / "model.tar").modules
    assert (module.name, module.workspace_bytes) == ("seven", 16)


@pytest.mark.tools
def test_when_none_is_right_the_compiler_has_the_last_word(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adder, "RECIPES", adder.RECIPES[1:2])
    with pytest.raises(ModelError, match="computes what the adder's reference does") as caught:
        compile_for_board(model, "host", tmp_path / "model.tar", compiler="adder")
    assert caught.value.hint == "add by hand"
    assert not (tmp_path / "model.tar").exists()


def test_what_it_cannot_read_is_said_in_its_words(tmp_path: Path) -> None:
    for file, error in (("a.txt", UsageError), ("a.missing", ToolNotFoundError)):
        with pytest.raises(error):
            compile_for_board(tmp_path / file, "host", tmp_path / "model.tar", compiler="adder")


def test_its_reference_is_what_a_firmware_has_to_compute(model: Path) -> None:
    import numpy as np

    inputs, outputs = ((Tensor(name, "int8", (4,), 4),) for name in ("x", "y"))
    sample = {"x": np.array([0, 1, 120, 127], np.int8)}
    (found,) = expected_outputs(model, inputs, outputs, [sample], compiler="adder")
    np.testing.assert_array_equal(found["y"], np.array([[7, 8, 127, -122]], np.int8))
    wrong = (Tensor("y", "int16", (4,), 8),)
    with pytest.raises(UsageError, match=r"is another model: its outputs are int8 \[1, 4\]"):
        expected_outputs(model, inputs, wrong, [sample], compiler="adder")
    with pytest.raises(UsageError, match=r"its inputs are x \(int8 \[1, 4\]\); the firmware's are"):
        expected_outputs(model, wrong, outputs, [sample], compiler="adder")


def test_an_unknown_compiler_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r'no compiler "adde".*Did you mean "adder"') as caught:
        compiler_named("adde")
    assert caught.value.hint == "compilers are relay, adder"
    assert compiler_named("relay").title == "TVM"
