"""MLPerf Tiny's models and the digits demo, imported and compiled by TVM once for all tests.

What every firmware has to give are the outputs of TVM's own build for this computer: LLVM code in
a graph executor (`microtvm_boards.tvm.compile_reference`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import DIGITS

SHARED = Path(__file__).resolve().parents[2] / "shared" / "models"
MLPERF_TINY = ("kws_int8", "ad01_int8", "resnet8_int8")
NAMES = ("digits", *MLPERF_TINY)
SAMPLES = 2

Arrays = dict[str, "np.ndarray[Any, Any]"]


@dataclass(frozen=True)
class RealModel:
    """A model in relay; inputs, an array by name for each sample, and the outputs for them."""

    name: str
    mod: Any
    params: dict[str, Any]
    inputs: list[Arrays]
    outputs: list[list[np.ndarray[Any, Any]]]

    @property
    def module_name(self) -> str:
        """What TVM names its functions after."""
        return "digits" if self.name == "digits" else "default"


@cache
def real_model(name: str) -> RealModel:
    """One of NAMES. Skips the test where there is no TVM, or no such model."""
    pytest.importorskip("tvm")
    from microtvm_boards.tvm import compile_reference, import_tflite

    if name == "digits":
        return _digits()
    path = SHARED / f"{name}.tflite"
    if not path.is_file():
        pytest.skip(f"there is no {path.name} in ../shared/models")
    mod, params = import_tflite(path)
    (tensor,) = [p for p in mod["main"].params if p.name_hint not in params]
    shape = [int(n) for n in tensor.type_annotation.shape]
    rng = np.random.default_rng(1)
    inputs = [{tensor.name_hint: rng.integers(-128, 128, shape, "int8")} for _ in range(SAMPLES)]
    run = compile_reference(mod, params)
    return RealModel(name, mod, params, inputs, [run(sample) for sample in inputs])


@cache
def compiled(name: str, executor: Any) -> Any:
    """The model as TVM's factory module, with the packed interface and a system library."""
    from microtvm_boards.tvm import build_module

    model = real_model(name)
    return build_module(
        model.mod,
        model.params,
        name=model.module_name,
        executor=executor,
        system_lib=True,
    )


def _digits() -> RealModel:
    """TVM computed its reference when the demo was made; test_digits.py computes it again."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("digits_network", DIGITS / "network.py")
    assert spec is not None and spec.loader is not None
    network = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(network)
    mod, params = network.to_relay(network.load_weights())
    with np.load(DIGITS / "test_images.npz") as file:
        inputs = [{"image": image} for image in file["image"][:SAMPLES]]
        outputs = [[logits] for logits in file["reference"][:SAMPLES]]
    return RealModel("digits", mod, params, inputs, outputs)
