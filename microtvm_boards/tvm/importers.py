"""From a trained model's file to relay."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from microtvm_boards.errors import ModelError, ToolNotFoundError
from microtvm_boards.tvm.enable import load_tvm


def import_tflite(path: str | Path) -> tuple[Any, dict[str, Any]]:
    """Reads a TensorFlow Lite file: (relay IRModule, parameters by name).

    Raises ModelError when the file is missing, isn't TensorFlow Lite or can't be imported, and
    ToolNotFoundError when TVM or the package `tflite` is missing.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"Can't read the model {path}: {error.strerror}.") from error
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
        raise ModelError(
            f"TVM can't import {path}: {type(error).__name__}.",
            details=str(error).splitlines()[-5:],
        ) from error
    return mod, dict(params)
