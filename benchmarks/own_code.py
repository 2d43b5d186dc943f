"""Our own code in firmware of small models: bytes of flash, and of stack above the model.

Remembered in build/benchmarks/own_code as long as the templates and the compiler stay the same.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.compiled_code import compiler_version
from benchmarks.preflight import KINDS, OPTIMIZATIONS, ROOT
from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.firmware.bare_metal_stack import firmware_graph, handlers
from microtvm_boards.firmware.footprint import footprint
from microtvm_boards.firmware.stack_graph import CallGraph
from microtvm_boards.firmware.stack_report import deepest
from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.baremetal import BaremetalPlatform
from microtvm_boards.project import create, parse_options
from microtvm_boards.project.generate import prepare
from microtvm_boards.project.needs.code_size import USUAL_TENSORS, architecture, descriptor_bytes
from microtvm_boards.resources import template_project

REMEMBERED = ROOT / "build" / "benchmarks" / "own_code"
BOARDS = ("microbit", "mps2_an386", "mps3_an547", "netduinoplus2")
DIGITS, FIXTURES = ROOT / "examples" / "digits", ROOT / "tests" / "data"
MODELS = {name: DIGITS / f"digits_{name}.tar" for name in ("c", "packed", "graph")}  # by interface
MORE_CALLS = FIXTURES / "foo_graph.tar"  # of operators: tells what one adds, in the app `minimal`
TENSOR_BYTES = 20  # of our own code, for each tensor
_OPTION_STACK = 1024
_DEEP = 1 << 20  # more than any stack


@dataclass(frozen=True)
class Firmware:
    """Bytes. stack: the deepest chain of our own calls; above_model: of those down to the model."""

    own: int
    libraries: int
    tensors: int
    calls: int
    stack: int
    above_model: int
    interrupts: list[int]
    nested: bool


@dataclass
class Own:
    """By platform (libraries: none), architecture, kind of firmware, interface and optimization."""

    code: dict[str, Any] = field(default_factory=dict)
    libraries: dict[str, Any] = field(default_factory=dict)
    stack: dict[str, Any] = field(default_factory=dict)
    interrupts: dict[str, Any] = field(default_factory=dict)


def measure_own(jobs: int) -> Own:
    """Builds what isn't remembered."""
    work = [
        (board, kind, optimization, interface, tar)
        for board in BOARDS
        for optimization in OPTIMIZATIONS
        for kind in KINDS
        for interface, tar in MODELS.items()
    ]
    work += [(b, "minimal", o, "graph", MORE_CALLS) for b in BOARDS for o in OPTIMIZATIONS]
    with ThreadPoolExecutor(jobs) as pool:
        measured = list(pool.map(lambda job: _remembered(job[4], *job[:3]), work))
    groups: dict[tuple[str, ...], list[Firmware]] = defaultdict(list)
    for (board, kind, optimization, interface, _), firmware in zip(work, measured, strict=True):
        if firmware is not None:
            platform, arch = _place(board)
            groups[platform, arch, kind, interface, optimization].append(firmware)
    own = Own()
    for (platform, arch, kind, interface, optimization), found in groups.items():
        minimal = groups[platform, arch, "minimal", interface, optimization]
        code = _code(found, _call_bytes(minimal))
        _put(own.code, code, platform, arch, kind, interface, optimization)
        deepest_found = [max(f.stack for f in found), max(f.above_model for f in found)]
        _put(own.stack, deepest_found, platform, arch, kind, interface, optimization)
        if interface == "c":
            above = max((_above(f) for f in found), key=sum)
            _put(own.interrupts, above, platform, arch, kind, optimization)
            if platform == "baremetal":
                libraries = round(sum(f.libraries for f in found) / len(found))
                _put(own.libraries, libraries, arch, kind, optimization)
    return own


def _code(found: list[Firmware], call: float) -> list[int]:
    """Bytes without a call of an operator, and of each call."""
    usual = [f for f in found if f.calls == min(f.calls for f in found)]
    flat = sum(_flat(f) - f.calls * call for f in usual) / len(usual)
    return [round(flat), round(call)]


def _call_bytes(found: list[Firmware]) -> float:
    few, many = min(found, key=lambda f: f.calls), max(found, key=lambda f: f.calls)
    if few.calls == many.calls:
        return 0.0
    return (_flat(many) - _flat(few)) / (many.calls - few.calls)


def _flat(firmware: Firmware) -> float:
    return firmware.own - (firmware.tensors - USUAL_TENSORS) * TENSOR_BYTES


def _above(firmware: Firmware) -> list[int]:
    """Stack of interrupt handlers above the program, and how many there can be."""
    if firmware.nested:
        return [sum(firmware.interrupts), len(firmware.interrupts)]
    return [max(firmware.interrupts, default=0), min(len(firmware.interrupts), 1)]


def _put(tree: dict[str, Any], value: object, *keys: str) -> None:
    for key in keys[:-1]:
        tree = tree.setdefault(key, {})
    tree[keys[-1]] = value


@cache
def _place(board: str) -> tuple[str, str]:
    plan = prepare(MODELS["c"], parse_options({"board": board}, "generate_project"))
    return plan.platform, architecture(plan.board.cpu) or ""


@cache
def _state() -> str:
    """Of what our own code is made."""
    digest = hashlib.sha256(compiler_version().encode())
    for path in sorted(template_project().rglob("*")):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _remembered(tar: Path, board: str, kind: str, optimization: str) -> Firmware | None:
    path = REMEMBERED / f"{tar.stem}-{board}-{kind}-{optimization}-{_state()[:16]}.json"
    if path.is_file():
        return Firmware(**json.loads(path.read_text()))
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = _measure(tar, board, kind, optimization, Path(folder) / "project")
        except MicroTvmBoardsError as error:
            print(f"{tar.stem} {board} {kind} {optimization}: {error.cause}")
            return None
    REMEMBERED.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(found)))
    return found


def _measure(tar: Path, board: str, kind: str, optimization: str, directory: Path) -> Firmware:
    raw: dict[str, object] = {"board": board, "optimization": optimization}
    raw |= {"stack_size_bytes": _OPTION_STACK}
    c = {"model_entrypoint_api": "c", "app": kind}
    raw |= {"model_entrypoint_api": "packed"} if kind == "packed" else c
    options = parse_options(raw, "generate_project")
    (module,) = prepare(tar, options).modules
    project = create(tar, directory, options)
    platform = get_platform(project.platform)
    result = platform.build(project)
    if not isinstance(platform, BaremetalPlatform):
        raise TypeError(f"{board} has no stack of ours")
    flash = project.board.memory_for("flash")
    pieces = [p for p in footprint(project, result.firmware) if flash and p.memory == flash.name]
    graph = firmware_graph(project, result.firmware, "arm-none-eabi-objdump")
    _without_model(graph, 0)
    stack = deepest(graph, platform.roots.entry).bound
    interrupts = [deepest(graph, h).bound or 0 for h in handlers(result.firmware)]
    _without_model(graph, _DEEP)
    above = deepest(graph, platform.roots.entry).bound
    return Firmware(
        own=sum(p.size for p in pieces if p.part not in ("model", "libc"))
        - descriptor_bytes(module)[1],
        libraries=sum(p.size for p in pieces if p.part == "libc"),
        tensors=len(module.tensors),
        calls=len(module.graph.calls) if module.graph else 0,
        stack=stack or 0,
        above_model=max((above or 0) - _DEEP, 0),
        interrupts=interrupts,
        nested=platform.roots.nested,
    )


def _without_model(graph: CallGraph, frame: int) -> None:
    """Gives every generated function a `frame` of its own, and nothing that it calls."""
    for name in graph.frames:
        if name.rpartition(":")[2].startswith("tvmgen_"):
            graph.frames[name] = frame
            graph.calls[name] = set()
            graph.pointer_calls.discard(name)
