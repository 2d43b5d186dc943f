"""From a trained model's file to relay."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from microtvm_boards.errors import ModelError, ToolNotFoundError, UsageError
from microtvm_boards.relay.setup.load import load_tvm


def import_tflite(path: str | Path) -> tuple[Any, dict[str, Any]]:
    """Reads a TensorFlow Lite file: (relay IRModule, parameters by name).

    Raises ModelError when the file is missing, isn't TensorFlow Lite or can't be imported, and
    ToolNotFoundError when TVM or the package `tflite` is missing.
    """
    path = Path(path)
    data = _read(path)
    # A FlatBuffers file carries its schema's identifier in bytes 4 to 7 (tflite schema.fbs).
    if data[4:8] != b"TFL3":
        raise ModelError(
            f"{path} is not a TensorFlow Lite model: bytes 4 to 7 are {data[4:8]!r}, not b'TFL3'."
        )
    tvm = load_tvm()
    try:
        tflite = importlib.import_module("tflite")
    except ImportError as error:
        raise ToolNotFoundError(
            "Importing TensorFlow Lite models needs the package `tflite`, which is not installed.",
            hint="pip install 'microtvm-boards[tvm]'",
        ) from error
    try:
        mod, params = tvm.relay.frontend.from_tflite(tflite.Model.GetRootAsModel(data, 0))
    # TVM's importer and FlatBuffers raise whatever comes: struct.error, IndexError, TVMError, ...
    except Exception as error:
        raise _cannot_import(path, error) from error
    return mod, dict(params)


def import_onnx(path: str | Path) -> tuple[Any, dict[str, Any]]:
    """Reads an ONNX file: (relay IRModule, no parameters: they are constants in it).

    Raises ModelError when the file is missing, isn't ONNX or can't be imported, and
    ToolNotFoundError when TVM or the package `onnx` is missing.
    """
    path = Path(path)
    data = _read(path)
    tvm = load_tvm()
    try:
        onnx = importlib.import_module("onnx")
    except ImportError as error:
        raise ToolNotFoundError(
            "Importing ONNX models needs the package `onnx`, which is not installed.",
            hint="pip install 'microtvm-boards[tvm]'",
        ) from error
    try:
        model = onnx.load_model_from_string(data)
        onnx.checker.check_model(model)
        mod, params = tvm.relay.frontend.from_onnx(model)
    except Exception as error:  # as above; protobuf has errors of its own
        raise _cannot_import(path, error) from error
    return mod, dict(params)


_IMPORTERS = {".tflite": import_tflite, ".onnx": import_onnx}


def import_model(path: Path) -> tuple[Any, dict[str, Any]]:
    """Reads a model file of the kind that its suffix names: (relay IRModule, parameters by name).

    Raises UsageError for another suffix, else as the importer of its kind.
    """
    importer = _IMPORTERS.get(path.suffix.lower())
    if importer is None:
        raise UsageError(
            f"{path} ends in {path.suffix or 'no suffix'}; what can be read are "
            f"{' and '.join(_IMPORTERS)} files.",
            hint="microtvm-boards create takes Model Library Format tars as they are"
            if path.suffix == ".tar"
            else "",
        )
    return importer(path)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"Can't read the model {path}: {error.strerror}.") from error


def _cannot_import(path: Path, error: Exception) -> ModelError:
    return ModelError(
        f"TVM can't import {path}: {type(error).__name__}.",
        details=str(error).splitlines()[-5:],
    )
