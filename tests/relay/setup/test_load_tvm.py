"""TVM is imported only when it is used, and what can be wrong with it is said plainly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Python = Callable[..., str]

LOAD = """
from microtvm_boards.errors import ToolNotFoundError
from microtvm_boards.tvm import {function}
try:
    {function}()
except ToolNotFoundError as error:
    print(error)
"""
INSTALL = "pip install 'microtvm-boards[tvm]'"


def test_importing_the_room_imports_neither_tvm_nor_numpy(python: Python) -> None:
    code = "import microtvm_boards.tvm, sys; print({'tvm', 'numpy', 'tflite'} & set(sys.modules))"
    assert python(code) == "set()"


def test_without_tvm_the_message_says_what_to_install(python: Python) -> None:
    message = python("import sys; sys.modules['tvm'] = None" + LOAD.format(function="load_tvm"))
    assert "no package `tvm` is installed" in message
    assert INSTALL in message
    assert "CPython 3.10" in message


@pytest.mark.parametrize("file", ["tvm.py", "tvm/__init__.py"])
def test_another_package_called_tvm_is_recognized(
    python: Python, tmp_path: Path, file: str
) -> None:
    other = tmp_path / "other" / file
    other.parent.mkdir(parents=True)
    other.write_text("def present_value(): ...\n")
    message = python(LOAD.format(function="load_tvm"), PYTHONPATH=tmp_path / "other")
    assert f"{other.parent} is something else" in message
    assert f"pip uninstall tvm && {INSTALL}" in message


def fake_tvm(directory: Path, version: str, *submodules: str) -> Path:
    package = directory / "fake" / "tvm"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"__version__ = {version!r}\n")
    for name in submodules:
        (package / f"{name}.py").touch()
    return package.parent


@pytest.mark.slow
def test_a_tvm_without_relay_is_named_with_its_version(python: Python, tmp_path: Path) -> None:
    path = fake_tvm(tmp_path, "0.21.0", "ir")
    message = python(LOAD.format(function="load_tvm"), PYTHONPATH=path)
    assert "needs a TVM with relay (up to 0.19), found 0.21.0" in message
    assert INSTALL in message


def test_a_tvm_without_micro_is_named_with_its_version(python: Python, tmp_path: Path) -> None:
    path = fake_tvm(tmp_path, "0.19.0", "ir", "relay")
    message = python(LOAD.format(function="enable_micro"), PYTHONPATH=path)
    assert "needs a TVM with tvm.micro (0.8 to 0.18), found 0.19.0" in message


@pytest.mark.slow
def test_a_tvm_that_cannot_be_loaded_is_not_called_missing(python: Python, tmp_path: Path) -> None:
    path = fake_tvm(tmp_path, "0.16.0")
    (path / "tvm" / "__init__.py").write_text("import a_module_that_nobody_has\n")
    message = python(LOAD.format(function="load_tvm"), PYTHONPATH=path)
    assert "importing it failed: No module named 'a_module_that_nobody_has'" in message


@pytest.mark.tvm
def test_loading_tvm_leaves_nothing_in_the_working_directory(python: Python) -> None:
    pytest.importorskip("tvm")
    code = "import os; from microtvm_boards.tvm import load_tvm; load_tvm(); print(os.listdir())"
    assert python(code) == "[]"
