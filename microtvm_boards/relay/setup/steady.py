"""Makes TVM's compiler give the same code on every computer and on any day."""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def steady_compiler() -> Iterator[None]:
    """Inside, relay.build depends on nothing but its arguments and the tuning logs that the caller
    applies."""
    with _same_random_names(), _without_tophub():
        yield


@contextlib.contextmanager
def _same_random_names() -> Iterator[None]:
    """Kernels for DSP instructions take eight random letters into their names, from Python's own
    generator (v0.16 topi/arm_cpu/mprofile/dsp)."""
    state = random.getstate()
    random.seed(0)
    try:
        yield
    finally:
        random.setstate(state)


@contextlib.contextmanager
def _without_tophub() -> Iterator[None]:
    """Schedules of arm_cpu keys look for tuning logs of other processors in ~/.tvm/tophub and
    download them where there are none (v0.16 autotvm/tophub.py)."""
    tophub: Any = importlib.import_module("tvm.autotvm.tophub")
    variable = tophub.AUTOTVM_TOPHUB_LOC_VAR
    before = os.environ.get(variable)
    root, cache = tophub.AUTOTVM_TOPHUB_ROOT_PATH, tophub.REFERENCE_LOG_CACHE
    with tempfile.TemporaryDirectory(prefix="microtvm-boards-") as empty:
        os.environ[variable] = tophub.AUTOTVM_TOPHUB_NONE_LOC
        tophub.AUTOTVM_TOPHUB_ROOT_PATH, tophub.REFERENCE_LOG_CACHE = Path(empty), {}
        try:
            yield
        finally:
            tophub.AUTOTVM_TOPHUB_ROOT_PATH, tophub.REFERENCE_LOG_CACHE = root, cache
            os.environ.pop(variable)
            if before is not None:
                os.environ[variable] = before
