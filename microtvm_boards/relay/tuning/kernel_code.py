"""The C code of one kernel, straight from TVM's module: no Model Library Format tar."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from microtvm_boards.errors import ModelError
from microtvm_boards.model import Tensor
from microtvm_boards.relay.setup.load import load_tvm
from microtvm_boards.relay.setup.steady import steady_compiler
from microtvm_boards.tuning.trials.candidate import KernelSources

FUNCTION = "mtvm_kernel"
# As build_module compiles whole models: what is measured is what the firmware will hold.
_PASS_CONFIG = {"tir.disable_vectorize": True}
_DEFINITION = re.compile(rb"^TVM_DLL int32_t (tvmgen_\w+)\([^;]*\) \{$", re.MULTILINE)


@contextmanager
def lowering(target: str, **pass_config: Any) -> Iterator[Any]:
    """Inside, TVM compiles for `target` as build_module does. Gives the target."""
    tvm = load_tvm()
    found = tvm.target.Target(target)
    context = tvm.transform.PassContext(opt_level=3, config={**_PASS_CONFIG, **pass_config})
    with found, context, steady_compiler():
        yield found


def crt_runtime() -> Any:
    """TVM's C runtime with the tables of functions that RPC needs."""
    backend = importlib.import_module("tvm.relay.backend")
    return backend.Runtime("crt", {"system-lib": True})


def kernel_sources(module: Any, function: str = FUNCTION) -> KernelSources:
    """The C of a module that was built with crt_runtime()."""
    return KernelSources(_files(module), function)


def primitive_sources(function: Any, target: str) -> KernelSources:
    """The kernel that TVM makes of a fused relay function (`Primitive`) when nothing is tuned.

    Raises ModelError when it isn't one kernel.
    """
    tvm = load_tvm()
    relay = tvm.relay
    params = [relay.Var(p.name_hint, p.checked_type) for p in function.params]
    mod = tvm.IRModule.from_expr(relay.Function(params, relay.Call(function, params)))
    with lowering(target) as found:
        built = relay.build(
            mod,
            target=found,
            executor=importlib.import_module("tvm.relay.backend").Executor(
                "graph", {"link-params": True}
            ),
            runtime=crt_runtime(),
        )
    files = _files(built.lib)
    names = {name for text in files.values() for name in _DEFINITION.findall(text)}
    if len(names) != 1:
        raise ModelError(f"TVM made {len(names)} kernels of one operator.")
    return KernelSources(files, names.pop().decode())


def tensor(name: str, shape: Any, dtype: str) -> Tensor:
    """A kernel's argument as the tuning room describes it."""
    extents = tuple(int(extent) for extent in shape)
    size = math.prod(extents) * _bytes_of(str(dtype))
    return Tensor(name, str(dtype), extents, size)


def _bytes_of(dtype: str) -> int:
    return (int(load_tvm().DataType(dtype).bits) + 7) // 8


def _files(module: Any) -> dict[str, bytes]:
    return {
        f"lib{number}.c": part.get_source().encode()
        for number, part in enumerate(module._collect_dso_modules())
    }
