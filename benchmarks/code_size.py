"""Measures what `create` estimates code by, and writes microtvm_boards/project/code_size.json.

    python -m benchmarks.code_size [--jobs N] [--only weights|own] MODEL.tar ...

Generated C of the MODELs, and of the demo's and fixtures' libraries, is compiled for a core of each
architecture with each optimization; how much each construct of it takes is fitted by least squares
without negative terms. Our own code is measured in firmware of a small model. Takes minutes; needs
SciPy, which comes with TVM. `benchmarks/preflight.py` says how good the result is.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.preflight import KINDS, OPTIMIZATIONS, models
from microtvm_boards.boards import load_board
from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.mlf import load
from microtvm_boards.mlf.c_features import FEATURES, function_features
from microtvm_boards.mlf.c_text import decode
from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.footprint import footprint
from microtvm_boards.project import create, parse_options
from microtvm_boards.project.code_size import TABLE
from microtvm_boards.project.render import OPTIMIZATION_FLAGS
from microtvm_boards.resources import template_project

ROOT = Path(__file__).resolve().parent.parent
SMALL = ROOT / "tests" / "data" / "foo_c.tar"
CORES = {
    "v6m": ("microbit",),
    "v7m": ("mps2_an385", "mps2_an386", "mps2_an500", "mps2_an505"),
    "v8.1m": ("mps3_an547",),
}
CUBE_BOARDS = ("netduinoplus2", "stm32vldiscovery")
# What one more tensor, model and call of a graph's operator add to our own code.
PER = {"tensor": 20, "model": 130, "call": 30}
# libgcc's arithmetic for float where there is no FPU, and functions of math.h: newlib 3.3, -Os.
SOFT_FLOAT = {"v6m": 3600, "v7m": 1600, "v8.1m": 0}
LIBM = {"expf": 760, "roundf": 80, "sqrtf": 60, "floorf": 100, "ceilf": 100, "powf": 1500}
LIBM |= {"tanhf": 700, "logf": 500, "round": 200}


@dataclass(frozen=True)
class Sample:
    """The functions of one library for one core: counts of FEATURES, and bytes."""

    arch: str
    optimization: str
    counts: Any  # [functions, features]
    sizes: Any  # [functions]


def compile_model(tar: Path, arch: str, board: str, optimization: str) -> Sample:
    """Every function of the library's generated C that a compiler kept."""
    model = load(tar)
    headers = {Path(n).name: d for n, d in model.files.items() if "/include/" in n}
    counts: list[tuple[int, ...]] = []
    sizes: list[int] = []
    for module in model.modules:
        for source in module.sources:
            if source.endswith(".o"):
                continue
            found = _compile(model.files[source], headers, board, optimization)
            for function in function_features(decode(model.files[source])):
                if function.name in found and not function.name.endswith("get_c_metadata"):
                    counts.append(function.counts)
                    sizes.append(found[function.name])
    shape = (len(counts), len(FEATURES))
    return Sample(arch, optimization, np.array(counts, float).reshape(shape), np.array(sizes))


def _compile(
    data: bytes, headers: dict[str, bytes], board: str, optimization: str
) -> dict[str, int]:
    """Bytes by function. Empty when it doesn't compile: keywords as names need our headers."""
    from elftools.elf.elffile import ELFFile

    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for name, text in headers.items():
            (scratch / name).write_bytes(text)
        (scratch / "code.c").write_bytes(data)
        command = ["arm-none-eabi-gcc", *load_board(board).cpu.flags]
        command += [OPTIMIZATION_FLAGS[optimization], "-std=gnu99", "-ffunction-sections", "-w"]
        command += ["-ffp-contract=off", "-fno-math-errno", "-Wa,--no-warn", "-c", "code.c"]
        command += [f"-I{template_project()}/src/runtime", "-I.", "-o", "code.o"]
        if subprocess.run(command, cwd=scratch, capture_output=True).returncode != 0:
            return {}
        sections = list(ELFFile(io.BytesIO((scratch / "code.o").read_bytes())).iter_sections())
    return {
        s.name.removeprefix(".text."): s["sh_size"] for s in sections if s.name.startswith(".text.")
    }


def fit(samples: list[Sample]) -> list[float]:
    """Bytes of each feature: errors of whole libraries count most, in shares of their size."""
    from scipy.optimize import nnls

    rows, wanted = [], []
    for sample in samples:
        if not len(sample.sizes):
            continue
        weight = 1 / (sample.sizes.sum() + 300)
        rows.append(sample.counts.sum(axis=0) * weight)
        wanted.append(sample.sizes.sum() * weight)
        for counts, size in zip(sample.counts, sample.sizes, strict=True):
            weight = 0.15 / (size + 60) / np.sqrt(len(sample.sizes))
            rows.append(counts * weight)
            wanted.append(size * weight)
    weights, _ = nnls(np.array(rows), np.array(wanted))
    return [round(float(weight), 2) for weight in weights]


def measure_own(boards: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our own code by platform, kind and optimization; libraries by architecture too."""
    own: dict[Any, list[int]] = defaultdict(list)
    libraries: dict[Any, list[int]] = defaultdict(list)
    for board, arch in boards.items():
        for kind in KINDS:
            for optimization in OPTIMIZATIONS:
                sizes = _own(board, kind, optimization)
                if sizes is None:
                    continue
                platform, ours, theirs = sizes
                own[platform, kind, optimization].append(ours)
                if platform == "baremetal":
                    libraries[arch, kind, optimization].append(theirs)
    return _tree(own), _tree(libraries)


def _own(board: str, kind: str, optimization: str) -> tuple[str, int, int] | None:
    raw: dict[str, object] = {"board": board, "optimization": optimization}
    raw |= {"stack_size_bytes": 1024}
    c = {"model_entrypoint_api": "c", "app": kind}
    raw |= {"model_entrypoint_api": "packed"} if kind == "packed" else c
    with tempfile.TemporaryDirectory() as folder:
        try:
            options = parse_options(raw, "generate_project")
            project = create(SMALL, Path(folder) / "project", options)
            result = get_platform(project.platform).build(project)
        except MicroTvmBoardsError as error:
            print(f"{board} {kind} {optimization}: {error.cause}")
            return None
        flash = project.board.memory_for("flash")
        pieces = [
            p for p in footprint(project, result.firmware) if flash and p.memory == flash.name
        ]
    ours = sum(p.size for p in pieces if p.part not in ("model", "libc"))
    return project.platform, ours, sum(p.size for p in pieces if p.part == "libc")


def _tree(sizes: dict[Any, list[int]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for (first, kind, optimization), values in sorted(sizes.items()):
        tree.setdefault(first, {}).setdefault(kind, {})[optimization] = round(np.mean(values))
    return tree


def measure_weights(tars: list[Path], jobs: int) -> dict[str, dict[str, list[float]]]:
    """Weights by architecture and optimization."""
    work = [
        (tar, arch, board, optimization)
        for tar in tars
        for arch, boards in CORES.items()
        for board in boards
        for optimization in OPTIMIZATIONS
    ]
    with ThreadPoolExecutor(jobs) as pool:
        samples = list(pool.map(lambda job: compile_model(*job), work))
    weights: dict[str, dict[str, list[float]]] = {}
    for arch in CORES:
        for optimization in OPTIMIZATIONS:
            mine = [s for s in samples if (s.arch, s.optimization) == (arch, optimization)]
            weights.setdefault(arch, {})[optimization] = fit(mine)
    return weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", type=Path, help="large ones, e.g. MLPerf Tiny's")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=("weights", "own"), help="keep the other part as it is")
    arguments = parser.parse_args()
    table = json.loads(TABLE.read_text()) if TABLE.is_file() else {}
    table |= {"features": list(FEATURES), "per": PER, "soft_float": SOFT_FLOAT, "libm": LIBM}
    if arguments.only != "own":
        table["weights"] = measure_weights([*models(), *arguments.models], arguments.jobs)
    if arguments.only != "weights":
        boards = {board: arch for arch, names in CORES.items() for board in names}
        boards |= dict.fromkeys(CUBE_BOARDS, "v7m")
        table["own"], table["libraries"] = measure_own(boards)
    TABLE.write_text(json.dumps(table, indent=1) + "\n")
    print(f"Wrote {TABLE}")


if __name__ == "__main__":
    main()
