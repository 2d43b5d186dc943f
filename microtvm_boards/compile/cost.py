"""What the generated C of a model takes on a Cortex-M: flash, and the largest stack frame."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from microtvm_boards.boards import Board
from microtvm_boards.firmware.memory_use import memory_use
from microtvm_boards.model import Model
from microtvm_boards.platforms import tools
from microtvm_boards.programs import run_logged
from microtvm_boards.resources import template_project

_SOURCES = "codegen/host/src/"
_HEADERS = "codegen/host/include/"
# As template_project/CMakeLists.txt compiles generated code, at the default optimization.
_FLAGS = ("-Os", "-std=gnu99", "-w", "-ffunction-sections", "-fdata-sections", "-fstack-usage")
_LINKED = "linked.elf"
_FRAME = re.compile(r"^[^\t]*\t(\d+)\t", re.MULTILINE)  # place, bytes, kind


@dataclass(frozen=True)
class Cost:
    flash_bytes: int  # code and constants that the entry function leads to, without libraries
    frame_bytes: int  # the largest stack frame of one function


def can_measure(board: Board) -> bool:
    """Whether the compiler for the board's processor is here."""
    return board.cpu.name.startswith("cortex-m") and tools.find(tools.ARM_GCC) is not None


def measure(model: Model, board: Board) -> Cost | str:
    """Compiles the first module's C at -Os for the board's processor and links it with itself.

    Gives the compiler's first complaint when it can't.
    """
    entry = model.modules[0].entry
    if entry is None:
        return "it has no entry function"
    with tempfile.TemporaryDirectory(prefix="microtvm-boards-") as scratch:
        root = Path(scratch)
        for member, content in model.files.items():
            if member.startswith((_SOURCES, _HEADERS)):
                path = root / member
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        sources = sorted((root / _SOURCES).glob("*.c"))
        includes = (template_project() / "src" / "abi", root / _HEADERS)
        compiler = [tools.ARM_GCC.programs[0], *board.cpu.flags]
        compile_all = [*compiler, *_FLAGS, *(f"-I{path}" for path in includes), "-c"]
        # What the entry doesn't lead to, such as tables of metadata, isn't in a firmware either.
        link = [*compiler, "-r", "-nostdlib", "-Wl,--gc-sections", f"-Wl,-e,{entry.symbol}"]
        objects = [f"{path.stem}.o" for path in sources]
        with (root / "compiler.log").open("w") as log:
            for command in (
                [*compile_all, *map(str, sources)],
                [*link, *objects, "-o", _LINKED],
            ):
                status, lines = run_logged(command, cwd=root, log=log, progress=None)
                if status != 0:
                    return next((line for line in lines if "error" in line), f"status {status}")
        flash = sum(u.used_bytes for u in memory_use(root / _LINKED, ()) if u.memory != "bss")
        frames = [int(f) for path in root.glob("*.su") for f in _FRAME.findall(path.read_text())]
        return Cost(flash, max(frames, default=0))
