"""Measures what `create` estimates code and stack by; writes project/code_size.json of the package.

    python -m benchmarks.code_size [--jobs N] [--only generated|own] [MODEL.tar ...]

Generated C of the MODELs, and of the demo's and fixtures' libraries, is compiled for a core of each
architecture with each optimization. How much code each construct of it takes is fitted by least
squares without negative terms; what its stack frames grow with, such that no frame is larger. Our
own code and its stack are measured in firmware of small models. Needs SciPy, which comes with TVM.

Takes a quarter of an hour at first. What was compiled is remembered (build/benchmarks), so an
interrupted run goes on where it was. `benchmarks/preflight.py` says how good the result is.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.compiled_code import Sample, compile_all
from benchmarks.own_code import TENSOR_BYTES, measure_own
from benchmarks.preflight import OPTIMIZATIONS, models
from microtvm_boards.mlf.c.features import FEATURES
from microtvm_boards.project.needs.code_size import TABLE
from microtvm_boards.project.needs.stack_estimate import ROLES, frame_features, role

CORES = {
    "v6m": ("microbit",),
    "v7m": ("mps2_an385", "mps2_an386"),  # without and with FPU
    "v8.1m": ("mps3_an547",),
}
# What one more tensor and model add to our own code.
PER = {"tensor": TENSOR_BYTES, "model": 130}
# libgcc's arithmetic for float where there is no FPU, and functions of math.h: newlib 3.3, -Os.
SOFT_FLOAT = {"v6m": 3600, "v7m": 1600, "v8.1m": 0}
LIBM = {"expf": 760, "roundf": 80, "sqrtf": 60, "floorf": 100, "ceilf": 100, "powf": 1500}
LIBM |= {"tanhf": 700, "logf": 500, "round": 200}
# Stack below generated code, from the machine code of newlib 3.3 and libgcc 12.2: copies, 64-bit
# products and quotients; float arithmetic; functions of math.h.
LIBRARY_STACK = {
    "v6m": {
        "integer": 48,
        "float": {"soft": 64, "hard": 64},
        "libm": {"soft": 128, "hard": 128},
    },
    "v7m": {
        "integer": 24,
        "float": {"soft": 40, "hard": 24},
        "libm": {"soft": 96, "hard": 32},
    },
}
LIBRARY_STACK["v8.1m"] = LIBRARY_STACK["v7m"]
_SMALLEST_FUNCTION = 60  # bytes; shares of less than that don't count


def fit_sizes(samples: Iterable[Sample]) -> list[float]:
    """Bytes of each feature: errors of whole libraries count most, in shares of their size."""
    from scipy.optimize import nnls

    rows, wanted = [], []
    for library in by_library(samples):
        counts = np.concatenate([s.counts for s in library])
        sizes = np.concatenate([s.sizes for s in library])
        weight = 1 / (sizes.sum() + 5 * _SMALLEST_FUNCTION)
        rows.append(counts.sum(axis=0) * weight)
        wanted.append(sizes.sum() * weight)
        for count, size in zip(counts, sizes, strict=True):
            weight = 0.15 / (size + _SMALLEST_FUNCTION) / np.sqrt(len(sizes))
            rows.append(count * weight)
            wanted.append(size * weight)
    weights, _ = nnls(np.array(rows), np.array(wanted))
    return [round(float(weight), 2) for weight in weights]


def by_library(samples: Iterable[Sample]) -> list[list[Sample]]:
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        if sample.functions:
            groups.setdefault((sample.library, sample.board), []).append(sample)
    return list(groups.values())


def fit_frames(samples: Iterable[Sample]) -> dict[str, list[float]]:
    """Bytes of each of `frame_features` by role: the least that no frame exceeds."""
    from scipy.optimize import linprog

    rows: dict[str, list[tuple[float, ...]]] = {kind: [] for kind in ROLES}
    frames: dict[str, list[int]] = {kind: [] for kind in ROLES}
    for sample in samples:
        for function in sample.functions:
            kind = role(function.name)
            rows[kind].append(frame_features(function, sample.optimization == "none"))
            frames[kind].append(sample.found[function.name][1] - function.array_bytes)
    fitted = {}
    for kind in ROLES:
        matrix, wanted = np.array(rows[kind], float), np.array(frames[kind], float)
        bounds = [(0, None)] * matrix.shape[1]
        found = linprog(matrix.sum(axis=0), A_ub=-matrix, b_ub=-wanted, bounds=bounds)
        fitted[kind] = [round(float(weight) + 0.005, 2) for weight in found.x]
    return fitted


def measure_generated(tars: list[Path], jobs: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Weights of code, and of frames, by architecture and optimization."""
    samples = compile_all(tars, CORES, OPTIMIZATIONS, jobs)
    weights: dict[str, Any] = {}
    frames: dict[str, Any] = {}
    for arch in CORES:
        for optimization in OPTIMIZATIONS:
            mine = [s for s in samples if (s.arch, s.optimization) == (arch, optimization)]
            weights.setdefault(arch, {})[optimization] = fit_sizes(mine)
            frames.setdefault(arch, {})[optimization] = fit_frames(mine)
    return weights, frames


def _short_lists(text: str) -> str:
    """JSON with numbers of one list on one line."""
    return re.sub(r"\[[-\d.,\s]+\]", lambda found: " ".join(found[0].split()), text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", type=Path, help="large ones, e.g. MLPerf Tiny's")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=("generated", "own"), help="keep the other part as it is")
    arguments = parser.parse_args()
    table = json.loads(TABLE.read_text()) if TABLE.is_file() else {}
    table |= {"features": list(FEATURES), "per": PER, "soft_float": SOFT_FLOAT, "libm": LIBM}
    stack = table.setdefault("stack", {})
    stack["libraries"] = LIBRARY_STACK
    if arguments.only != "own":
        tars = [*models(), *arguments.models]
        table["weights"], stack["frames"] = measure_generated(tars, arguments.jobs)
    if arguments.only != "generated":
        own = measure_own(arguments.jobs)
        table["own"], table["libraries"] = own.code, own.libraries
        stack["own"], stack["interrupts"] = own.stack, own.interrupts
    TABLE.write_text(_short_lists(json.dumps(table, indent=1)) + "\n")
    print(f"Wrote {TABLE}")


if __name__ == "__main__":
    main()
