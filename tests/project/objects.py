"""Model libraries whose operators are object files, made from those in C: GCC in LLVM's place."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.resources import template_project
from tests.mlf.builder import tar as tar_of

GCC = "arm-none-eabi-gcc"
_MAIN = re.compile(r"^TVM_DLL int32_t tvmgen_\w+___tvm_main__\([^;{]*\) \{\n", re.MULTILINE)
_DECLARED = re.compile(r"^TVM_DLL int32_t tvmgen_\w+\([^;{]*\);$", re.MULTILINE)


def flags_of(board: str) -> tuple[str, ...]:
    return load_board(board).cpu.flags


def with_objects(library: Path, flags: Sequence[str], target: Path) -> Path:
    """`library` (AOT, C interface) with its operators compiled; the calls of them stay C."""
    if shutil.which(GCC) is None:
        pytest.skip(f"{GCC} is not installed")
    folder = target.parent / f"{target.stem}_files"
    with tarfile.open(library) as archive:
        archive.extractall(folder, filter="data")
    source = next(p for p in (folder / "codegen/host/src").iterdir() if _MAIN.search(p.read_text()))
    text = source.read_text()
    start = _MAIN.search(text).start()  # type: ignore[union-attr]
    end = text.index("\n}\n", start) + 3
    operators = target.parent / f"{source.stem}_operators.c"
    operators.write_text(text[:start] + text[end:])
    # Without their bodies: what stands before the first function, what is declared, and main.
    head = text[: text.index("#ifdef __cplusplus")]
    source.write_text(head + "\n".join(_DECLARED.findall(text)) + "\n" + text[start:end])
    objects = folder / "codegen/host/lib"
    objects.mkdir(exist_ok=True)
    includes = ["-I", template_project() / "src/abi"]
    made = objects / f"{source.stem}.o"
    subprocess.run([GCC, "-O2", "-w", *flags, "-c", operators, "-o", made, *includes], check=True)
    files = {
        f"./{path.relative_to(folder)}": path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    target.write_bytes(tar_of(files))
    return target
