"""How much stack a firmware will need at most, before a compiler has run: an estimate.

Frames of generated functions follow from their local variables, those of our own code were
measured. The figures are in code_size.json, part "stack", which `benchmarks/code_size.py` writes:
such that no function that was measured has a larger frame. What the build finds counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from microtvm_boards.boards import Cpu
from microtvm_boards.mlf.c.features import FEATURES, FunctionFeatures, function_features
from microtvm_boards.mlf.c.text import decode
from microtvm_boards.project.needs.code_size import architecture, code_size_table, interface
from microtvm_boards.project.plan.types import ModulePlan

# A generated function is the entry, the one that calls the operators, or an operator.
ROLES = ("run", "main", "operator")
_COUNTED = tuple(
    map(FEATURES.index, ("parameters", "loops", "accesses", "calls", "wide", "floats"))
)
# What no loop and no access more adds to: registers have run out.
_MOST_LOOPS, _MOST_ACCESSES = 8, 30
_MISSED = 32  # bytes that frames of functions that weren't measured were found to be larger


def role(function: str) -> str:
    if function.endswith("__tvm_main__"):
        return "main"
    return "run" if function.endswith("_run") else "operator"


def frame_features(function: FunctionFeatures, unoptimized: bool) -> tuple[float, ...]:
    """What its frame, without arrays, grows with; without optimization every variable is in it."""
    parameters, loops, accesses, calls, wide, floats = (function.counts[i] for i in _COUNTED)
    kind = role(function.name)
    if kind == "run":
        return (1, function.array_bytes > 0)
    if kind == "main":
        return (1, function.scalar_bytes, calls, function.array_bytes > 0)
    return (
        *(1, function.scalar_bytes if unoptimized else 0, parameters, wide > 0, floats > 0),
        *(calls > 0, min(accesses, _MOST_ACCESSES), min(loops, _MOST_LOOPS)),
    )


def has_fpu(cpu: Cpu) -> bool:
    """Whether the code uses one."""
    return any(flag.endswith(("=hard", "=softfp")) for flag in cpu.flags)


def exception_frame(cpu: Cpu) -> int:
    """Bytes that an interrupt saves (Armv7-M architecture reference manual, B1.5.6): eight
    registers, with an FPU in use sixteen of its own and FPSCR too; aligned to 8 bytes."""
    return 104 + 8 if has_fpu(cpu) else 32 + 8


def estimate_stack(
    modules: Iterable[tuple[ModulePlan, Mapping[str, bytes]]],
    cpu: Cpu,
    *,
    platform: str,
    kind: str,
    optimization: str,
    libm: bool,
) -> int | None:
    """Bytes, interrupts included. `modules` with the files of their libraries; `kind` is minimal,
    harness or packed.

    None where there is nothing measured to go by, and for kernels in objects.
    """
    arch = architecture(cpu)
    table = code_size_table().get("stack", {})
    measured = table.get("own", {}).get(platform, {}).get(arch, {}).get(kind)
    if arch is None or measured is None:
        return None
    frames = table["frames"][arch][optimization]
    soft = "hard" if has_fpu(cpu) else "soft"
    need = 0.0
    for plan, files in modules:
        if any(source.endswith(".o") for source in plan.module.sources):
            return None
        own, above_model = measured[interface(plan)][optimization]
        texts = [decode(files[source]) for source in plan.module.sources]
        libraries = table["libraries"][arch]
        below = libraries["integer"]
        if any("float" in text for text in texts):
            below = max(below, libraries["libm" if libm else "float"][soft])
        model = _deepest(texts, frames, optimization == "none") + below
        need = max(need, own, above_model + model)
    handlers, saves = table["interrupts"][platform][arch][kind][optimization]
    return int(need + handlers + saves * exception_frame(cpu)) + _MISSED


def _deepest(texts: Iterable[str], frames: Mapping[str, Any], unoptimized: bool) -> float:
    """The largest frame of each role: they call each other in that order."""
    most = dict.fromkeys(ROLES, 0.0)
    for text in texts:
        for function in function_features(text):
            kind = role(function.name)
            features = frame_features(function, unoptimized)
            size = sum(w * x for w, x in zip(frames[kind], features, strict=True))
            most[kind] = max(most[kind], size + function.array_bytes)
    return sum(most.values())
