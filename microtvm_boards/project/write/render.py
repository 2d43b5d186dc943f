"""Writes a plan into a directory: all of it or nothing, the same bytes every time."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import microtvm_boards
from microtvm_boards import resources
from microtvm_boards.boards.zephyr_tree import PINNED
from microtvm_boards.errors import ProjectError
from microtvm_boards.model import DTYPE_BYTES
from microtvm_boards.project.manifest import CXX_SUFFIXES, FORMAT, tensor_to_json
from microtvm_boards.project.needs.preflight import align_up, buffer_bytes, need_to_json
from microtvm_boards.project.needs.zephyr_memories import memory_overlay
from microtvm_boards.project.options.zephyr import libm_calls, malloc_bytes
from microtvm_boards.project.plan.graph import GraphKernel, graph_kernels
from microtvm_boards.project.plan.stm32 import stm32_context
from microtvm_boards.project.plan.types import ModulePlan, Origin, Plan, PlannedFile
from microtvm_boards.project.write.code_context import code_context

if TYPE_CHECKING:
    from jinja2 import Environment

# C type and mtvm_type_t of a dtype; a float16 is stored as its bits.
C_TYPES = {
    "bool": ("uint8_t", "MTVM_BOOL"),
    "float16": ("uint16_t", "MTVM_FLOAT"),
    "float32": ("float", "MTVM_FLOAT"),
    "float64": ("double", "MTVM_FLOAT"),
    **{f"int{n}": (f"int{n}_t", "MTVM_INT") for n in (8, 16, 32, 64)},
    **{f"uint{n}": (f"uint{n}_t", "MTVM_UINT") for n in (8, 16, 32, 64)},
}
# DLDataTypeCode of a dtype; TVM passes bool as a one-bit unsigned integer.
DL_CODES = {"MTVM_INT": "kDLInt", "MTVM_UINT": "kDLUInt", "MTVM_BOOL": "kDLUInt"}
TYPE_CODE_DLTENSOR = 7  # kTVMDLTensorHandle
RPC_PROTOCOL = 1  # of what mtvm.* functions answer
IDENTITY_DIGITS = 16  # of the SHA-256 of the model library
OPTIMIZATION_FLAGS = {"none": "-O0", "debug": "-Og", "size": "-Os", "speed": "-O2"}


def render(plan: Plan, directory: Path) -> None:
    """Writes the project into `directory`, which must not exist or be empty.

    Raises ProjectError when it isn't, or when it can't be written; then nothing is left behind.
    """
    directory = directory.expanduser().absolute()
    _refuse_used(directory)
    made = _missing_parents(directory)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    except OSError as error:
        _remove_empty(made)
        raise ProjectError(f"The project can't be written to {directory}: {error}.") from error
    try:
        for file in plan.files:
            target = scratch / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content(plan, file))
        scratch.chmod(0o755)
        scratch.rename(directory)
    except BaseException as error:
        shutil.rmtree(scratch, ignore_errors=True)
        _remove_empty(made)
        if isinstance(error, OSError):
            raise ProjectError(f"The project can't be written to {directory}: {error}.") from error
        raise


def _refuse_used(directory: Path) -> None:
    if not directory.exists():
        return
    if not directory.is_dir() or any(directory.iterdir()):
        raise ProjectError(
            f"{directory} exists already.",
            hint=f"another name, or remove it first: rm -r {directory}",
        )


def _missing_parents(directory: Path) -> list[Path]:
    return [parent for parent in directory.parents if not parent.exists()]


def _remove_empty(directories: list[Path]) -> None:
    for directory in directories:  # innermost first
        if directory.is_dir():
            directory.rmdir()


def content(plan: Plan, file: PlannedFile) -> bytes:
    """The bytes of one planned file."""
    if file.origin is Origin.COPY:
        return (resources.template_project() / file.source).read_bytes()
    if file.origin is Origin.MODEL:
        return plan.libraries[file.library].model.files[file.source]
    if file.origin is Origin.LIBRARY:
        return plan.libraries[file.library].model.path.read_bytes()
    if file.origin is Origin.CRT:
        return plan.attachments.crt[file.source]
    if file.origin is Origin.CMSIS:
        return plan.attachments.cmsis[file.source]
    if file.origin is Origin.EXTRA:
        return plan.attachments.extra[file.source]
    if file.origin is Origin.DATA:
        return _DATA[file.source](plan)
    template = _environment().get_template(file.source)
    module = None if file.module is None else plan.modules[file.module]
    return template.render(_context(plan), m=module).encode()


def render_source(source: str, context: Mapping[str, Any]) -> bytes:
    """The template template_project/<source> with a context of the caller's."""
    return _environment().get_template(source).render(context).encode()


@lru_cache(maxsize=1)
def _environment() -> Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resources.template_project()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.filters.update(
        c_type=lambda dtype: C_TYPES[dtype][0],
        mtvm_type=lambda dtype: C_TYPES[dtype][1],
        dl_code=lambda dtype: DL_CODES.get(C_TYPES[dtype][1], "kDLFloat"),
        dl_bits=lambda dtype: 1 if dtype == "bool" else 8 * DTYPE_BYTES[dtype],
        bits=lambda dtype: 8 * DTYPE_BYTES[dtype],
        elements=lambda tensor: tensor.size_bytes // DTYPE_BYTES[tensor.dtype],
        c_string=_c_string,
        c_float=lambda value: (
            f"{value!r}f" if "." in repr(value) or "e" in repr(value) else f"{value}.f"
        ),
        c_bytes=c_bytes,
        minus=lambda number: f"- {number}" if number >= 0 else f"+ {-number}",
        cmake=_cmake_string,
        local=lambda name: f"in_{name}",
        local_out=lambda name: f"out_{name}",
        comment=lambda text: text.replace("*/", "* /").replace("/*", "/ *"),
        type_code=lambda _: TYPE_CODE_DLTENSOR,
        most_arguments=lambda calls: (
            [TYPE_CODE_DLTENSOR] * max((len(call.arguments) for call in calls), default=1)
        ),
        by_name=lambda params: {param.name: param for param in params},
    )
    environment.tests["object"] = lambda source: source.endswith(".o")
    environment.globals["field"] = lambda m, t: (
        f"mtvm_keyword_{t.tvm_field}" if t.tvm_field in m.keywords else t.tvm_field
    )
    return environment


def _context(plan: Plan) -> Mapping[str, Any]:
    sources = [f.path for f in plan.files if f.path.endswith((".c", *CXX_SUFFIXES))]
    code = code_context(plan)
    model_sources = code["all_model_sources"]
    models = [library.model for library in plan.libraries]
    return {
        **code,
        "plan": plan,
        "board": plan.board,
        "flash": plan.board.memory_for("flash"),
        "ram": plan.board.memory_for("ram"),
        "stm32": stm32_context(plan.board, plan.options.stm32cube_path)
        if plan.platform == "stm32cube"
        else None,
        "own_sources": [s for s in sources if s.startswith("src/")],
        "extra_sources": [s for s in sources if s.startswith(("extra/", "cmsis/"))],
        "extra_objects": [
            f.path
            for f in plan.files
            if f.path.startswith("extra/") and f.path.endswith((".a", ".o"))
        ],
        "crt_sources": [s for s in sources if s.startswith("crt/")],
        "needs_cxx": any(s.endswith(CXX_SUFFIXES) for s in sources + model_sources),
        # Other C++ code than TVM's runtime may need the C++ library.
        "links_cxx": any(
            s.endswith(CXX_SUFFIXES)
            for s in sources + model_sources
            if not s.startswith(("crt/", "src/"))
        ),
        "definitions": [d.removeprefix("-D") for d in plan.options.compile_definitions],
        "includes": [
            *(["extra"] if plan.attachments.extra else []),
            *(["cmsis/include"] if plan.attachments.cmsis else []),
        ],
        "runtime_includes": (
            ["crt/include", "src/runtime/crt_config"]
            if plan.options.runtime == "standalone_crt"
            else ["src/runtime"]
        ),
        # Hosts find those of the first library through TVM's registry, the others by our names.
        "kernels": _graph_kernels([m for m in plan.modules if m.library == 0]),
        "named_kernels": _graph_kernels([m for m in plan.modules if m.library > 0]),
        "device_info": _device_info(plan),
        # What the firmware is of: its models, or the library of operators.
        "subjects": [m.module.name for m in plan.modules]
        or [module.name for module in plan.model.modules],
        "libm_calls": sorted({c for m in models for c in libm_calls(m, plan.attachments.extra)}),
        "malloc_bytes": malloc_bytes(models, plan.attachments.extra),
        "zephyr_release": (plan.board.zephyr and plan.board.zephyr.release) or PINNED,
        "optimization_flag": OPTIMIZATION_FLAGS[plan.options.optimization],
        "input_bytes": buffer_bytes(plan.modules, "inputs", plan.alignment),
        "output_bytes": buffer_bytes(plan.modules, "outputs", plan.alignment),
        "most_pools": max((len(m.scratch_pools) for m in plan.modules), default=0),
        "sample_bytes": buffer_bytes(plan.modules[:1], "inputs", plan.alignment),
        "sample_count": plan.attachments.samples.count if plan.attachments.samples else 0,
    }


def _graph_kernels(modules: Sequence[ModulePlan]) -> tuple[GraphKernel, ...]:
    graphs = [(m.graph, dict(m.renames)) for m in modules if m.graph is not None]
    return tuple(kernel for graph, names in graphs for kernel in graph_kernels([graph], names))


def _device_info(plan: Plan) -> str:
    """What `mtvm.device_info` answers, so that a host can tell a wrong board from the right one."""
    if plan.rpc is None:
        return ""
    document = {
        "protocol": RPC_PROTOCOL,
        "board": plan.board.name,
        "models": [m.module.name for m in plan.modules],
        "model_sha256": plan.model.sha256[:IDENTITY_DIGITS],
        "packet_bytes": plan.rpc.packet_bytes,
        "tensor_heap_bytes": plan.rpc.tensor_heap_bytes,
    }
    return json.dumps(document, separators=(",", ":"))


def _c_string(text: str) -> str:
    """`text` as a C string literal; octal escapes, because a hex escape would eat what follows."""
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\?' else f"\\{byte:03o}"
        for byte in text.encode()
    )
    return f'"{escaped}"'


def _cmake_string(text: str) -> str:
    """`text` as a quoted CMake argument."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def c_bytes(data: bytes) -> str:
    """`data` as the inside of an array initializer, 16 bytes a line."""
    lines = (data[i : i + 16] for i in range(0, len(data), 16))
    return "\n".join("    " + " ".join(f"0x{byte:02x}," for byte in line) for line in lines)


def _manifest(plan: Plan) -> bytes:
    model = plan.model
    document = {
        "format": FORMAT,
        "tool": {"name": "microtvm-boards", "version": microtvm_boards.__version__},
        "model_library_format": {
            "sha256": model.sha256,
            "version": model.version,
            "tvm_version": model.tvm_version,
        },
        "board": plan.board.name,
        "platform": plan.platform,
        "entrypoint": plan.entrypoint,
        **({"trial": True} if plan.trial else {}),
        "app": plan.options.app,
        "options": plan.options.to_json(),
        "models": [
            {
                "name": m.module.name,
                "c_name": m.c_name,
                "executor": m.module.executor.value if m.module.executor else None,
                "interface": m.module.entry.interface.value if m.module.entry else None,
                "entry": m.module.entry.symbol if m.module.entry else None,
                "targets": list(m.module.targets),
                "library": plan.libraries[m.library].tar,
                "library_sha256": plan.libraries[m.library].model.sha256,
                "workspace_bytes": m.module.workspace_bytes,
                "inputs": [tensor_to_json(t.tensor) for t in m.inputs],
                "outputs": [tensor_to_json(t.tensor) for t in m.outputs],
                "notes": list(m.module.notes),
            }
            for m in plan.modules
        ],
        "alignment": plan.alignment,
        "arena_bytes": plan.arena_bytes,
        "stack_bytes": plan.stack.size_bytes,
        "stack_least_bytes": plan.stack.least_bytes,
        "sample_count": plan.attachments.samples.count if plan.attachments.samples else 0,
        "rpc": None if plan.rpc is None else asdict(plan.rpc),
        "memory": [need_to_json(need) for need in plan.needs],
        "warnings": list(plan.warnings),
        "files": {f.path: f.reason for f in plan.files},
    }
    return (json.dumps(document, indent=2) + "\n").encode()


def _samples_c(plan: Plan) -> bytes:
    """The samples as constants, each row laid out as c_harness.c lays out its inputs."""
    samples = plan.attachments.samples
    rows = []
    for row in samples.rows if samples else ():
        padded = b"".join(c.ljust(align_up(len(c), plan.alignment), b"\0") for c in row)
        rows.append("  {\n" + c_bytes(padded) + "\n  },\n")
    return (
        "/* Option sample_inputs. */\n"
        '#include "mtvm_samples.h"\n\n'
        "const uint8_t mtvm_samples[MTVM_SAMPLE_COUNT][MTVM_SAMPLE_BYTES] = {\n"
        + "".join(rows)
        + "};\n"
    ).encode()


_DATA: Mapping[str, Callable[[Plan], bytes]] = {
    "manifest": _manifest,
    "board_file": lambda plan: plan.board.document.encode() or plan.board.source.read_bytes(),
    "pointer": lambda plan: f"{resources.import_root()}\n".encode(),
    "api_server": lambda plan: resources.api_server_script().read_bytes(),
    "samples_c": _samples_c,
    "zephyr_overlay": lambda plan: (
        memory_overlay(plan.board, plan.buffers).encode() + (plan.attachments.zephyr_overlay or b"")
    ),
}
