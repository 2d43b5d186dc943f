"""A small model that has what makes exports differ: branches, several parameters and outputs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def make_model() -> tuple[Any, dict[str, Any]]:
    """int8 input `x` [1,6,6,2]; three branches, each a 3x3 convolution, give one output each."""
    from microtvm_boards.tvm import load_tvm

    tvm = load_tvm()
    relay = tvm.relay
    x = relay.var("x", shape=(1, 6, 6, 2), dtype="int8")
    params, outputs = {}, []
    for branch in range(3):
        kernel = np.arange(36, dtype="int8").reshape(3, 3, 2, 2) - branch
        params[f"kernel{branch}"] = kernel
        convolved = relay.nn.conv2d(
            x,
            relay.var(f"kernel{branch}", shape=kernel.shape, dtype="int8"),
            padding=(1, 1),
            channels=2,
            kernel_size=(3, 3),
            data_layout="NHWC",
            kernel_layout="HWIO",
            out_dtype="int32",
        )
        small = relay.cast(relay.right_shift(convolved, relay.const(branch + 3)), "int8")
        outputs.append(relay.nn.max_pool2d(small, (2, 2), (2, 2), layout="NHWC"))
    body = relay.Tuple(outputs)
    return tvm.IRModule.from_expr(relay.Function(relay.analysis.free_vars(body), body)), params


@pytest.fixture(scope="session")
def model() -> tuple[Any, dict[str, Any]]:
    return make_model()


@pytest.fixture
def python(tmp_path: Path) -> Callable[..., str]:
    """`python(code, *arguments, **environment)`: what a fresh interpreter prints.

    It runs in an empty directory and must succeed.
    """
    empty = tmp_path / "cwd"
    empty.mkdir()
    root = Path(__file__).resolve().parents[2]

    def run(code: str, *arguments: str | Path, **environment: str | Path) -> str:
        path = os.pathsep.join([str(environment.pop("PYTHONPATH", "")), str(root)]).lstrip(":")
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=empty,
            env={**os.environ, "PYTHONPATH": path, **{k: str(v) for k, v in environment.items()}},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run
