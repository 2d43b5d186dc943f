"""Reading TensorFlow Lite files: real ones, and what isn't one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from microtvm_boards.errors import ModelError, ToolNotFoundError
from microtvm_boards.tvm import import_tflite, load_tvm


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"Can't read the model .*no\.tflite: No such file"):
        import_tflite(tmp_path / "no.tflite")


@pytest.mark.parametrize("content", [b"", b"TFL3", b"PK\x03\x04 a zip", b"\x1c\x00\x00\x00TFL2"])
def test_another_kind_of_file_is_recognized(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="not a TensorFlow Lite model"):
        import_tflite(path)


@pytest.mark.tvm
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rest=st.binary(max_size=200))
def test_a_damaged_model_is_an_error_about_the_model(tmp_path: Path, rest: bytes) -> None:
    pytest.importorskip("tvm")
    path = tmp_path / "model.tflite"
    path.write_bytes(b"\x1c\x00\x00\x00TFL3" + rest)
    with pytest.raises(ModelError, match="can't import"):
        import_tflite(path)


@pytest.mark.tvm
def test_without_the_reader_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tvm")
    load_tvm()
    path = tmp_path / "model.tflite"
    path.write_bytes(b"\x1c\x00\x00\x00TFL3")
    monkeypatch.setitem(sys.modules, "tflite", None)
    with pytest.raises(ToolNotFoundError, match="package `tflite`") as error:
        import_tflite(path)
    assert "microtvm-boards[tvm]" in str(error.value)
