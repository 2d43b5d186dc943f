"""Bytes of a firmware on STM32 with ST's HAL beyond the same HAL project without a model, -Os.

    python -m benchmarks.stm32_footprint [--json] [--board B]... [MODEL.tflite ...]

The digits, and each MODEL (compiled with TVM), as AOT with C interface (`c`), AOT packed (`packed`)
and graph executor (`graph`). Needs ST's package (docs/stm32cube.md).

empty     start-up code, HAL, clock and UART: all of its flash and RAM; other rows count from there
minimal   entry point c: a main() that calls the model once
harness   entry point c: what `microtvm-boards run` talks to
packed    entry point packed: RPC
emitter   what upstream's emitter for STM32 makes of the `graph` library, with its runtime and a
          main() as short as that of `minimal`; where TVM_HOME names TVM sources that have it

model     TVM's kernels, constants, and whatever holds tensors
libc      of the compiler
added     the rest: runtime, API, tables of tensors, RPC and its buffers, main()
heap      what the emitter's code takes by malloc in QEMU, for create and one inference, with
          malloc's own overhead: what _sbrk gave. Ours never calls malloc.
ram       all RAM that these take, with the heap; stacks don't count

The emitter's firmware has to give the bytes that ours gives for one random input, else this fails.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import stm32_emitter
from benchmarks.footprint import build_empty
from microtvm_boards.boards import load_board
from microtvm_boards.errors import BuildError, MicroTvmBoardsError, ProjectError
from microtvm_boards.firmware.footprint import footprint
from microtvm_boards.harness import Harness
from microtvm_boards.mlf import load
from microtvm_boards.model import Tensor
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project, create, parse_options

ROOT = Path(__file__).resolve().parent.parent
BOARDS = ("netduinoplus2", "stm32vldiscovery")
APPS = ("minimal", "harness", "packed")
EMITTER = "emitter"
KINDS: dict[str, dict[str, Any]] = {
    "c": {"executor": "aot", "interface": "c", "unpacked": True, "usmp": True},
    "packed": {"executor": "aot", "interface": "packed", "system_lib": True},
    "graph": {"executor": "graph", "system_lib": True},
}
EMPTY_MAIN = '#include "mtvm_port.h"\n\nint main(void) {\n  mtvm_port_init();\n  return 0;\n}\n'
SMALL_STACK = 2048  # where RAM is scarce; it isn't counted
_PARTS = ("model", "libc")


@dataclass(frozen=True)
class Row:
    """Bytes. `failed`: why there are none, "" otherwise."""

    board: str
    model: str
    library: str
    app: str
    flash: int = 0
    ram: int = 0
    flash_model: int = 0
    flash_libc: int = 0
    flash_added: int = 0
    ram_model: int = 0
    ram_libc: int = 0
    ram_added: int = 0
    heap: int = 0
    failed: str = ""


_NAMES = ("board", "model", "library", "app")
_NUMBERS = [f.name for f in fields(Row) if f.name not in (*_NAMES, "failed")]


def digits() -> dict[str, Path]:
    folder = ROOT / "examples" / "digits"
    return {kind: folder / f"digits_{kind}.tar" for kind in KINDS}


def compiled(tflite: Path, folder: Path) -> dict[str, Path]:
    """The model libraries of one TFLite model, by KINDS."""
    from microtvm_boards.tvm import export_mlf, import_tflite

    mod, params = import_tflite(tflite)
    return {
        kind: export_mlf(mod, params, folder / f"{tflite.stem}_{kind}.tar", **choices)
        for kind, choices in KINDS.items()
    }


@dataclass(frozen=True)
class Base:
    """What other rows count from."""

    template: Project
    sizes: Counter[tuple[str, str]]
    row: Row


def empty(board: str, scratch: Path) -> Base:
    """Builds the HAL project without a model, in the directory `scratch`."""
    template = _create(digits()["c"], board, "minimal", scratch / "template")
    used = sizes(build_empty(template, scratch, EMPTY_MAIN))
    flash, ram = (_total(used, memory) for memory in ("flash", "ram"))
    return Base(template, used, Row(board, "-", "-", "empty", flash=flash, ram=ram))


def measure(
    model: str,
    libraries: dict[str, Path],
    base: Base,
    scratch: Path,
    apps: Iterable[str] = APPS,
    *,
    emitter: bool = False,
) -> Iterator[Row]:
    """Each library with each app, then the emitter with library `graph`.

    `scratch`: a new directory. Raises as Platform.build, but for models that don't fit.
    """
    board = base.row.board
    for kind, mlf in libraries.items():
        for app in apps:
            try:
                project = _create(mlf, board, app, scratch / f"{kind}-{app}")
                get_platform(project.platform).build(project)
            except (ProjectError, BuildError) as error:
                yield Row(board, model, kind, app, failed=_does_not_fit(error))
                continue
            yield _row(Row(board, model, kind, app), sizes(project), base.sizes)
    if emitter:
        row = Row(board, model, "graph", EMITTER)
        yield _emitter(row, base, libraries["graph"], scratch)


def sizes(project: Project) -> Counter[tuple[str, str]]:
    """Bytes by ("flash" or "ram", part), without the stack."""
    found: Counter[tuple[str, str]] = Counter()
    firmware = get_platform(project.platform).firmware(project)
    uses = {memory.name: memory.use[0] for memory in project.board.memories}
    for piece in footprint(project, firmware):
        if piece.section == ".stack":
            continue
        part = piece.part if piece.part in _PARTS else "added"
        if piece.symbol == stm32_emitter.ACTIVATIONS:
            part = "model"
        found[uses[piece.memory], part] += piece.size
    return found


def _emitter(row: Row, base: Base, mlf: Path, scratch: Path) -> Row:
    what = asdict(row)
    try:
        ours = _create(mlf, row.board, "harness", scratch / "reference")
        get_platform(ours.platform).build(ours)
        project = stm32_emitter.build(base.template, mlf, scratch / "emitter")
    except stm32_emitter.EmitterError as error:
        return Row(**what | {"failed": error.cause})
    except (ProjectError, BuildError) as error:
        return Row(**what | {"failed": _does_not_fit(error)})
    used = sizes(project)
    (module,) = load(mlf).modules
    if len(module.inputs) != 1 or len(module.outputs) != 1:
        return Row(**what | {"failed": "only models with one input and one output are compared"})
    (tensor,), (result,) = module.inputs, module.outputs
    image = _random(tensor)
    with get_platform(ours.platform).transport(ours) as transport:
        harness = Harness(ours, transport)
        harness.start()
        outputs = harness.run({tensor.name: image}).outputs
    try:
        probe = stm32_emitter.probe(project, image.tobytes(), result.size_bytes)
    except stm32_emitter.EmitterError as error:
        return Row(**what | {"failed": error.cause})
    expected = b"".join(array.tobytes() for array in outputs.values())
    if probe.output != expected:
        raise SystemExit(
            f"{row.board}, {row.model}: the emitter's firmware gives {probe.output.hex()}, "
            f"ours {expected.hex()}."
        )
    return _row(Row(**what | {"heap": probe.heap}), used, base.sizes)


def _random(tensor: Tensor) -> np.ndarray[Any, Any]:
    rng, dtype = np.random.default_rng(1), np.dtype(tensor.dtype)
    shape = tensor.shape or (tensor.size_bytes // dtype.itemsize,)
    if dtype.kind == "f":
        return rng.standard_normal(shape).astype(dtype)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)


def _row(row: Row, used: Counter[tuple[str, str]], empty: Counter[tuple[str, str]]) -> Row:
    columns = {
        f"{memory}_{part}": used[memory, part] - empty[memory, part]
        for memory in ("flash", "ram")
        for part in (*_PARTS, "added")
    }
    flash, ram = (_total(used, memory) - _total(empty, memory) for memory in ("flash", "ram"))
    return Row(**asdict(row) | columns | {"flash": flash, "ram": ram + row.heap})


def _total(used: Counter[tuple[str, str]], memory: str) -> int:
    return sum(size for (where, _), size in used.items() if where == memory)


def _create(mlf: Path, board: str, app: str, directory: Path) -> Project:
    raw: dict[str, object] = {"board": board, "optimization": "size"}
    c = {"model_entrypoint_api": "c", "app": app}
    raw |= {"model_entrypoint_api": "packed"} if app == "packed" else c
    ram = load_board(board).memory_for("ram")
    if ram is not None and ram.size <= 16 << 10:
        raw["stack_size_bytes"] = SMALL_STACK
    return create(mlf, directory, parse_options(raw, "generate_project"))


def _does_not_fit(error: MicroTvmBoardsError) -> str:
    """The reason in a line. Any other failure is raised again."""
    if "fit" not in error.cause and "overflow" not in str(error):
        raise error
    return error.cause


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL.tflite")
    parser.add_argument("--board", action="append", help=f"default: {' and '.join(BOARDS)}")
    parser.add_argument("--json", action="store_true", help="JSON alone")
    arguments = parser.parse_args()
    no_emitter = stm32_emitter.missing()
    if no_emitter:
        print(f"No rows of upstream's emitter: {no_emitter}.", file=sys.stderr)
    boards = arguments.board or BOARDS
    rows: list[Row] = []
    if not arguments.json:
        print(" ".join(f"{n:16}" for n in _NAMES) + " ".join(f"{n:>11}" for n in _NUMBERS))
    for row in _rows(boards, arguments.models, emitter=not no_emitter):
        rows.append(row)
        if not arguments.json:
            _print(row)
    print(json.dumps([asdict(row) for row in rows]))


def _rows(boards: Iterable[str], models: Iterable[Path], *, emitter: bool) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        bases = {board: empty(board, Path(folder) / board) for board in boards}
        yield from (base.row for base in bases.values())
        for model in (None, *models):
            name = "digits" if model is None else model.stem
            libraries = digits() if model is None else compiled(model, Path(folder))
            for board, base in bases.items():
                scratch = Path(folder) / board / name
                yield from measure(name, libraries, base, scratch, emitter=emitter)


def _print(row: Row) -> None:
    cells = asdict(row)
    numbers = row.failed or " ".join(f"{cells[n]:>11,}" for n in _NUMBERS)
    print(" ".join(f"{cells[n]:16}" for n in _NAMES) + numbers, flush=True)


if __name__ == "__main__":
    main()
