"""Bytes and stack frames of the functions that TVM generated, as GCC compiles them; remembered.

What was compiled once is read from build/benchmarks/compiled_code, so that a run that was
interrupted, or has one model more, goes on where it was.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from microtvm_boards.boards import load_board
from microtvm_boards.mlf import load
from microtvm_boards.mlf.c.features import FEATURES, FunctionFeatures, function_features
from microtvm_boards.mlf.c.text import decode
from microtvm_boards.project.write.context import OPTIMIZATION_FLAGS
from microtvm_boards.resources import template_project

REMEMBERED = Path(__file__).resolve().parent.parent / "build" / "benchmarks" / "compiled_code"
FLAGS = (
    *("-std=gnu99", "-ffunction-sections", "-w", "-ffp-contract=off", "-fno-math-errno"),
    *("-Wa,--no-warn", "-fstack-usage"),
)
Found = dict[str, tuple[int, int]]  # bytes of code and of stack frame, by function


@dataclass(frozen=True)
class Sample:
    """The functions of one library for one core."""

    library: str
    arch: str
    board: str
    optimization: str
    functions: tuple[FunctionFeatures, ...]
    found: Found

    @property
    def counts(self) -> Any:
        """[functions, features]"""
        rows = [f.counts for f in self.functions]
        return np.array(rows, float).reshape(len(rows), len(FEATURES))

    @property
    def sizes(self) -> Any:
        return np.array([self.found[f.name][0] for f in self.functions], float)


@dataclass(frozen=True)
class _Source:
    library: str
    text: bytes
    headers: dict[str, bytes]
    functions: tuple[FunctionFeatures, ...]


def compile_all(
    tars: Iterable[Path], cores: dict[str, tuple[str, ...]], optimizations: Iterable[str], jobs: int
) -> list[Sample]:
    """Every function of the libraries' generated C that a compiler keeps, one Sample a source;
    `cores`: boards by architecture."""
    sources = [source for tar in tars for source in _sources(tar)]
    work = [
        (source, arch, board, optimization)
        for source in sources
        for arch, boards in cores.items()
        for board in boards
        for optimization in optimizations
    ]
    with ThreadPoolExecutor(jobs) as pool:
        return [
            Sample(
                source.library,
                arch,
                board,
                optimization,
                tuple(f for f in source.functions if f.name in found),
                found,
            )
            for (source, arch, board, optimization), found in zip(
                work, pool.map(lambda job: _compiled(job[0], job[2], job[3]), work), strict=True
            )
        ]


def _sources(tar: Path) -> Iterator[_Source]:
    model = load(tar)
    headers = {Path(n).name: d for n, d in model.files.items() if "/include/" in n}
    for module in model.modules:
        for name in module.sources:
            if name.endswith(".o"):
                continue
            functions = [
                f
                for f in function_features(decode(model.files[name]))
                if not f.name.endswith("get_c_metadata")
            ]
            if functions:
                yield _Source(tar.stem, model.files[name], headers, tuple(functions))


def _compiled(source: _Source, board: str, optimization: str) -> Found:
    """Empty when it doesn't compile: keywords as names need our headers."""
    flags = [*load_board(board).cpu.flags, OPTIMIZATION_FLAGS[optimization], *FLAGS]
    key = hashlib.sha256(source.text)
    for part in (*map(str.encode, flags), *source.headers.values(), compiler_version().encode()):
        key.update(hashlib.sha256(part).digest())
    remembered = REMEMBERED / f"{key.hexdigest()}.json"
    if remembered.is_file():
        return {name: (size, frame) for name, (size, frame) in _read(remembered).items()}
    found = _compile(source, flags)
    REMEMBERED.mkdir(parents=True, exist_ok=True)
    unfinished = remembered.with_suffix(f".{board}.tmp")
    unfinished.write_text(json.dumps(found))
    unfinished.replace(remembered)
    return found


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


@cache
def compiler_version() -> str:
    return subprocess.check_output(["arm-none-eabi-gcc", "--version"], text=True)


def _compile(source: _Source, flags: list[str]) -> Found:
    from elftools.elf.elffile import ELFFile

    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for name, text in source.headers.items():
            (scratch / name).write_bytes(text)
        (scratch / "code.c").write_bytes(source.text)
        command = ["arm-none-eabi-gcc", *flags, "-c", "code.c", "-o", "code.o"]
        command += [f"-I{template_project()}/src/abi", "-I."]
        if subprocess.run(command, cwd=scratch, capture_output=True).returncode != 0:
            return {}
        sections = list(ELFFile(io.BytesIO((scratch / "code.o").read_bytes())).iter_sections())
        usage = (scratch / "code.su").read_text()
    frames = {
        line.split("\t")[0].rpartition(":")[2]: int(line.split("\t")[1])
        for line in usage.splitlines()
    }
    sizes = {s.name[6:]: s["sh_size"] for s in sections if s.name.startswith(".text.")}
    return {name: (size, frames.get(name, 0)) for name, size in sizes.items()}
