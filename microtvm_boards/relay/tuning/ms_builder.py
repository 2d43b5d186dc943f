"""`tvm.contrib.micro.meta_schedule.local_builder_micro`, for a TVM that was built without it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from tvm import IRModule, micro
from tvm.driver import build
from tvm.meta_schedule.builder import LocalBuilder
from tvm.relay.backend import Runtime
from tvm.tir.transform import RemoveWeightLayoutRewriteBlock

__all__ = ["get_local_builder_micro"]

# Of the kernel's function: C firmware has a main() of its own.
_SYMBOL = "default_function"


def get_local_builder_micro() -> Any:
    """A builder for MetaSchedule whose artifacts are operator-style Model Library Format tars."""
    return LocalBuilder(f_build=build_kernel, f_export=export_kernel)


def build_kernel(mod: Any, target: Any, _params: Any) -> Any:
    """The OperatorModule of one candidate. Runs in a worker."""
    renamed = IRModule({"main": mod["main"].with_attr("global_symbol", _SYMBOL)})
    without_rewrites = RemoveWeightLayoutRewriteBlock(skip_ndarray_rewrite=True)(renamed)
    runtime = Runtime("crt", {"system-lib": True})
    return build(without_rewrites, target=target, runtime=runtime)


def export_kernel(mod: Any) -> str:
    """The path of a new tar. Runs in a worker; whoever tunes removes it."""
    path = Path(tempfile.mkdtemp(prefix="microtvm-boards-")) / "kernel.tar"
    micro.export_model_library_format(mod, str(path))
    return str(path)
