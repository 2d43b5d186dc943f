"""Bytes that a firmware adds to the model's own, on mps2_an386 with -Os. The apps `minimal` and
`harness` are entry point `c`, `packed` is the other one.

    python benchmarks/footprint.py [--json] [MODEL.tar ...]

Every input section of the linker's map is counted for the part that it came from:

model     what TVM generated (model/): kernels, constants, its own buffers
graph     a graph executor's tensors and argument lists, which AOT code builds in its own main
added     what we add: src/app, src/model, src/runtime, the port and its UART
rpc       frames, sessions, requests, registry, tensor heap and AOT executor: src/rpc
tuning    time evaluators and random tensors: src/rpc/timer.c and random.c
startup   start-up code and vector table
libc      newlib and libgcc

Buffers that hold tensors (inputs, outputs, storage, parameters, pools, arena, tensor heap) are the
model's own, wherever they are declared; `buffers` are the packet buffer and the receive ring.
`empty` is the same board with an empty main() and nothing else.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project, create, parse_options

ROOT = Path(__file__).resolve().parent.parent
BOARD = "mps2_an386"
MODELS = [ROOT / "examples" / "digits" / f"digits_{kind}.tar" for kind in ("c", "packed", "graph")]
PARTS = ("model", "graph", "added", "rpc", "tuning", "buffers", "startup", "libc")
APPS = ("minimal", "harness", "packed")
RAM_ORIGIN = 0x20000000

# " .text.main  0x00000100  0x24 CMakeFiles/firmware.dir/src/app/main.c.obj"; long names break the
# line after the name.
_SECTION = re.compile(
    r"^ (?P<section>\.[\w.$-]+)\s+0x(?P<address>[0-9a-f]+)\s+0x(?P<size>[0-9a-f]+)"
    r"\s+(?P<file>\S+)$",
    re.MULTILINE,
)
_TENSOR_MEMORY = re.compile(
    r"^\.bss\.((input|output)_memory|\w+_(inputs|outputs))$|^\.bss\.noinit"
    r"|^\.rodata\.(mtvm_\w+_param_|pool_)"
)
_LINE_BUFFER = re.compile(r"^\.bss\.noinit.*(server|receive_ring)\.c")
_GRAPH_TABLE = re.compile(r"^\.(rodata|data)\.(tensor_|call_|shape_\dx?)")


def build(model: Path, app: str, scratch: Path, optimization: str = "size") -> Project:
    entry = {"model_entrypoint_api": "c", "app": app}
    if app == "packed":
        entry = {"model_entrypoint_api": "packed"}
    options = parse_options(
        {"board": BOARD, "optimization": optimization, **entry}, "generate_project"
    )
    project = create(model, scratch / f"{model.stem}-{app}-{optimization}", options)
    get_platform(project.platform).build(project)
    return project


def build_empty(like: Project, scratch: Path) -> Project:
    """The same board, start-up and port, with a main() that does nothing."""
    directory = scratch / "empty"
    shutil.copytree(like.directory, directory, ignore=shutil.ignore_patterns("build"))
    settings = directory / "project.cmake"
    text = settings.read_text()
    text = re.sub(r"    src/(app|model|runtime)/\S+\.c\n", "", text)
    text = re.sub(r"    model/\S+\n", "", text)
    (directory / "src" / "app" / "main.c").write_text("int main(void) { return 0; }\n")
    (directory / "src" / "empty.c").write_text("typedef int mtvm_nothing_t;\n")
    text = text.replace("set(MTVM_SOURCES\n", "set(MTVM_SOURCES\n    src/app/main.c\n")
    text = text.replace("set(MTVM_MODEL_SOURCES\n", "set(MTVM_MODEL_SOURCES\n    src/empty.c\n")
    settings.write_text(text)
    project = Project.open(directory)
    get_platform(project.platform).build(project)
    return project


def part_of(section: str, file: str) -> str:
    if _LINE_BUFFER.search(f"{section} {file}"):
        return "buffers"
    if "/model.dir/" in file or _TENSOR_MEMORY.search(section):
        return "model"
    if _GRAPH_TABLE.search(section) and "src/model" in file:
        return "graph"
    if "startup.c" in file:
        return "startup"
    if "src/rpc/" in file:
        if "kernels.c" in file:
            return "graph"
        return "tuning" if "timer.c" in file or "random.c" in file else "rpc"
    return "added" if "/firmware.dir/" in file else "libc"


def footprint(project: Project) -> dict[str, Counter[str]]:
    """{"flash": {part: bytes}, "ram": {part: bytes}} from the linker's map."""
    text = (project.build_dir / "firmware.map").read_text()
    text = text[text.index("Linker script and memory map") :]
    text = re.sub(r"^( \.[\w.$-]+)\n\s+(0x)", r"\1 \2", text, flags=re.MULTILINE)
    sizes: dict[str, Counter[str]] = {"flash": Counter(), "ram": Counter()}
    for match in _SECTION.finditer(text):
        section, size = match["section"], int(match["size"], 16)
        if size == 0 or section.startswith((".debug", ".ARM.attr", ".comment", ".stack")):
            continue
        part = part_of(section, match["file"])
        if int(match["address"], 16) >= RAM_ORIGIN:
            sizes["ram"][part] += size
        if int(match["address"], 16) < RAM_ORIGIN or section.startswith(".data"):
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


def measure(models: list[Path]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for model in models:
            for app in APPS:
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
    rows = measure(arguments.models)
    if not arguments.json:
        columns = [f"{memory}_{part}" for memory in ("flash", "ram") for part in PARTS]
        print(f"{'firmware':16} {'app':8} " + " ".join(f"{c:>13}" for c in columns))
        for row in rows:
            cells = " ".join(f"{row[c]:>13}" for c in columns)
            print(f"{row['firmware']:16} {row['app']:8} {cells}")
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
