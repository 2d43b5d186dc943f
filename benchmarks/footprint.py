"""Bytes that a firmware adds to the model's own, on mps2_an386 with -Os. The apps `minimal` and
`harness` are entry point `c`, `packed` is the other one, and `tvm` that with TVM's own RPC server
(runtime=standalone_crt), where TVM_HOME names a TVM tree with build/standalone_crt.

    python benchmarks/footprint.py [--json] [MODEL.tar ...]

Every input section of the linker's map is counted for the part that it came from:

model     what TVM generated (model/): kernels, constants, its own buffers
graph     a graph executor's tensors and argument lists, which AOT code builds in its own main
added     what we add: src/app, src/model, src/runtime, the port and its UART
rpc       frames, sessions, requests, registry, tensor heap and AOT executor: src/rpc, or TVM's
tuning    time evaluators and random tensors: src/rpc/features/timer.c and random.c
startup   start-up code and vector table
libc      newlib and libgcc

Buffers that hold tensors (inputs, outputs, storage, parameters, pools, arena, tensor heap) are the
model's own, wherever they are declared; `buffers` are the packet buffer and the receive ring. All
that TVM's server allocates comes from one heap, its tensors too: `buffers` of `tvm`.
`empty` is the same board with an empty main() and nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from microtvm_boards.firmware.footprint import TENSOR_MEMORY
from microtvm_boards.firmware.link_map import read_map
from microtvm_boards.mlf import load
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project, create, parse_options

ROOT = Path(__file__).resolve().parent.parent
BOARD = "mps2_an386"
MODELS = [ROOT / "examples" / "digits" / f"digits_{kind}.tar" for kind in ("c", "packed", "graph")]
PARTS = ("model", "graph", "added", "rpc", "tuning", "buffers", "startup", "libc")
APPS = ("minimal", "harness", "packed")
TVM = "tvm"
RAM_ORIGIN = 0x20000000

_LINE_BUFFER = re.compile(r"^\.bss\.noinit.*(server|receive_ring|crt_platform)\.c")
_TVMS_SERVER = re.compile(r"/crt/src/|src/runtime/mtvm_crt_")
_GRAPH_TABLE = re.compile(r"^\.(rodata|data)\.(tensor_|call_|shape_\dx?)")


def build(model: Path, app: str, scratch: Path, optimization: str = "size") -> Project:
    entry = {"model_entrypoint_api": "c", "app": app}
    if app == "packed":
        entry = {"model_entrypoint_api": "packed"}
    elif app == TVM:
        entry = {"model_entrypoint_api": "packed", "runtime": "standalone_crt"}
    options = parse_options(
        {"board": BOARD, "optimization": optimization, **entry}, "generate_project"
    )
    project = create(model, scratch / f"{model.stem}-{app}-{optimization}", options)
    get_platform(project.platform).build(project)
    return project


def build_empty(
    like: Project, scratch: Path, main: str = "int main(void) { return 0; }\n"
) -> Project:
    """The same board, start-up and port, with a main() that does nothing."""
    directory = without_model(like, scratch / "empty", main)
    settings = directory / "project.cmake"
    (directory / "src" / "empty.c").write_text("typedef int mtvm_nothing_t;\n")
    add_sources(settings, "MTVM_MODEL_SOURCES", ["src/empty.c"])
    project = Project.open(directory)
    get_platform(project.platform).build(project)
    return project


def without_model(like: Project, directory: Path, main: str) -> Path:
    """A copy of the project that isn't built: its board and port, and `main` in src/app/main.c."""
    shutil.copytree(like.directory, directory, ignore=shutil.ignore_patterns("build"))
    settings = directory / "project.cmake"
    text = settings.read_text()
    text = re.sub(r"    src/(app|model|runtime)/\S+\.c\n", "", text)
    text = re.sub(r'    "?model/\S+\n', "", text)
    settings.write_text(text)
    (directory / "src" / "app" / "main.c").write_text(main)
    add_sources(settings, "MTVM_SOURCES", ["src/app/main.c"])
    return directory


def add_sources(settings: Path, variable: str, sources: Sequence[str]) -> None:
    """Puts `sources` into a list of project.cmake."""
    lines = "".join(f"    {source}\n" for source in sources)
    text = settings.read_text()
    if text.count(f"set({variable}\n") != 1:
        raise ValueError(f"{settings} has no list {variable} to add to")
    settings.write_text(text.replace(f"set({variable}\n", f"set({variable}\n{lines}"))


def part_of(section: str, file: str) -> str:
    if _LINE_BUFFER.search(f"{section} {file}"):
        return "buffers"
    if "/model.dir/" in file or TENSOR_MEMORY.search(section):
        return "model"
    if _GRAPH_TABLE.search(section) and "src/model" in file:
        return "graph"
    if "startup.c" in file:
        return "startup"
    if "src/rpc/" in file:
        if "/kernels.c" in file:
            return "graph"
        return "tuning" if "timer.c" in file or "random.c" in file else "rpc"
    if _TVMS_SERVER.search(file):
        return "rpc"
    return "added" if "/firmware.dir/" in file else "libc"


def footprint(project: Project) -> dict[str, Counter[str]]:
    """{"flash": {part: bytes}, "ram": {part: bytes}} from the linker's map."""
    sizes: dict[str, Counter[str]] = {"flash": Counter(), "ram": Counter()}
    for piece in read_map(project.build_dir / "firmware.map"):
        section, size = piece.name, piece.size
        if section.startswith((".debug", ".ARM.attr", ".comment", ".stack")):
            continue
        part = part_of(section, piece.file)
        if piece.address >= RAM_ORIGIN:
            sizes["ram"][part] += size
        if piece.address < RAM_ORIGIN or section.startswith(".data"):
            sizes["flash"][part] += size
    return sizes


def symbols(project: Project) -> set[str]:
    nm = subprocess.run(
        ["arm-none-eabi-nm", project.build_dir / "firmware.elf"],
        check=True,
        capture_output=True,
        text=True,
    )
    return {line.split()[-1] for line in nm.stdout.splitlines()}


def measure(models: list[Path], apps: Sequence[str] = APPS) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for model in models:
            for app in apps:
                if app == TVM and not load(model).system_lib:
                    continue
                project = build(model, app, scratch)
                if not rows:
                    sizes = footprint(build_empty(project, scratch))
                    rows.append({"firmware": "empty", "app": "-", **_columns(sizes)})
                sizes = footprint(project)
                unwanted = symbols(project) & {"malloc", "printf", "_malloc_r", "sprintf"}
                rows.append(
                    {
                        "firmware": model.stem,
                        "app": app,
                        **_columns(sizes),
                        "unwanted": sorted(unwanted),
                    }
                )
    return rows


def _columns(sizes: dict[str, Counter[str]]) -> dict[str, int]:
    return {f"{memory}_{part}": sizes[memory][part] for memory in sizes for part in PARTS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", type=Path, default=MODELS)
    parser.add_argument("--json", action="store_true", help="JSON alone")
    arguments = parser.parse_args()
    crt = Path(os.environ.get("TVM_HOME", "")) / "build" / "standalone_crt"
    rows = measure(arguments.models, (*APPS, TVM) if crt.is_dir() else APPS)
    if not arguments.json:
        columns = [f"{memory}_{part}" for memory in ("flash", "ram") for part in PARTS]
        print(f"{'firmware':16} {'app':8} " + " ".join(f"{c:>13}" for c in columns))
        for row in rows:
            cells = " ".join(f"{row[c]:>13}" for c in columns)
            print(f"{row['firmware']:16} {row['app']:8} {cells}")
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
