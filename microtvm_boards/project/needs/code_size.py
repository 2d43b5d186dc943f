"""How large the machine code will be, before a compiler has run: an estimate.

Generated C is weighed by what it is made of (`mlf.c_features`), our own code by what was measured.
The figures are in code_size.json, which `benchmarks/code_size.py` writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from microtvm_boards.boards import Cpu
from microtvm_boards.mlf.c.features import function_features
from microtvm_boards.mlf.c.text import decode
from microtvm_boards.mlf.objects import loaded_bytes
from microtvm_boards.model import Executor, Interface
from microtvm_boards.project.plan.types import ModulePlan

TABLE = Path(__file__).with_name("code_size.json")
DLTENSOR_BYTES, TVMVALUE_BYTES = 40, 8  # on 32-bit processors
# Architectures whose code is alike: GCC's -mcpu without its suffixes.
ARCHITECTURES: Mapping[str, tuple[str, ...]] = {
    "v6m": ("cortex-m0", "cortex-m0plus", "cortex-m1", "cortex-m23"),
    "v7m": ("cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m35p"),
    "v8.1m": ("cortex-m55", "cortex-m85"),
}
USUAL_TENSORS = 4  # of the models that our own code is measured with
LIBM_DEFAULT = 600  # bytes of a function of math.h that the table doesn't have


@dataclass(frozen=True)
class CodeEstimate:
    """Bytes of flash."""

    model: int  # what TVM generated, without constants
    own: int  # API, runtime, app, RPC, port
    libraries: int  # libc, libm, libgcc
    ours: str = "code of ours, estimated"  # what `own` is, in words


def architecture(cpu: Cpu) -> str | None:
    """None for processors that nothing was measured on."""
    name = cpu.name.partition("+")[0]
    return next((a for a, names in ARCHITECTURES.items() if name in names), None)


def estimate_code(
    modules: Iterable[tuple[ModulePlan, Mapping[str, bytes]]],
    cpu: Cpu,
    *,
    platform: str,
    kind: str,
    optimization: str,
    libm: Iterable[str],
) -> CodeEstimate | None:
    """`modules` with the files of their libraries; `kind` is minimal, harness or packed.

    None where there is nothing measured to go by.
    """
    arch = architecture(cpu)
    table = code_size_table()
    measured = table["own"].get(platform, {}).get(arch, {}).get(kind)
    if arch is None or measured is None:
        return None
    weights = table["weights"][arch][optimization]
    libraries = table["libraries"][arch][kind][optimization]
    floats, generated, own = False, 0.0, 0.0
    seen: set[str] = set()
    for plan, files in modules:
        for source in plan.module.sources:
            if source.endswith(".o"):
                generated += loaded_bytes(files[source])
                continue
            text = decode(files[source])
            floats |= "float" in text
            for function in function_features(text):
                if f"{plan.library} {function.name}" in seen or _is_unused(function.name):
                    continue
                seen.add(f"{plan.library} {function.name}")
                counts = function.counts
                generated += sum(w * c for w, c in zip(weights, counts, strict=True))
        without_call, call = measured[interface(plan)][optimization]
        own += table["per"]["model"] if own else without_call
        own += _own_bytes(plan, table["per"]["tensor"], call)
    soft = not any("hard" in flag or "softfp" in flag for flag in cpu.flags)
    if floats and soft:
        libraries += table["soft_float"][arch]
    for name in libm:
        sizes = table["libm"].get(name, LIBM_DEFAULT)
        libraries += sizes
    return CodeEstimate(round(generated), round(own), round(libraries))


def measured_code(cpu: Cpu, *, platform: str, kind: str, optimization: str) -> CodeEstimate | None:
    """What `estimate_code` starts from: our own code and libraries without any model."""
    arch, table = architecture(cpu), code_size_table()
    measured = table["own"].get(platform, {}).get(arch, {}).get(kind)
    if arch is None or measured is None:
        return None
    own = measured["c"][optimization][0]
    return CodeEstimate(0, own, table["libraries"][arch][kind][optimization])


def descriptor_bytes(plan: ModulePlan) -> tuple[int, int]:
    """DLTensors that are filled in for every run: bytes of RAM; and all descriptors: of flash.

    The C interface has none.
    """
    if plan.graph is not None:
        moving = sum(t.where in ("input", "output") for t in plan.graph.tensors)
        arguments = sum(len(call.arguments) for call in plan.graph.calls)
        shapes = {t.shape for t in plan.graph.tensors}
        flash = len(plan.graph.tensors) * DLTENSOR_BYTES + arguments * TVMVALUE_BYTES
        flash += sum(8 * len(shape) for shape in shapes)
        return moving * DLTENSOR_BYTES, flash
    entry = plan.module.entry
    if entry is None or entry.interface is Interface.C:
        return 0, 0
    count = len(plan.tensors)
    shapes_bytes = sum(8 * max(len(t.tensor.shape or (0,)), 1) for t in plan.tensors)
    return count * DLTENSOR_BYTES, count * (DLTENSOR_BYTES + TVMVALUE_BYTES) + shapes_bytes


def interface(plan: ModulePlan) -> str:
    """How our code calls the model: c, packed or graph. Figures are measured by it."""
    if plan.module.executor is Executor.GRAPH:
        return "graph"
    entry = plan.module.entry
    return "c" if entry is not None and entry.interface is Interface.C else "packed"


def _own_bytes(plan: ModulePlan, tensor: float, call: float) -> float:
    """`tensor`, `call`: bytes for each."""
    calls = 0 if plan.graph is None else len(plan.graph.calls)
    return descriptor_bytes(plan)[1] + tensor * (len(plan.tensors) - USUAL_TENSORS) + call * calls


def _is_unused(function: str) -> bool:
    """Functions that the linker throws away: nothing of ours calls them."""
    return function.endswith("_get_c_metadata")


@lru_cache(maxsize=1)
def code_size_table() -> dict[str, Any]:
    """What code_size.json holds."""
    table: dict[str, Any] = json.loads(TABLE.read_text())
    return table
