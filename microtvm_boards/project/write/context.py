"""What templates know about a project: one context for all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from microtvm_boards.project.manifest import CXX_SUFFIXES
from microtvm_boards.project.needs.preflight import buffer_bytes
from microtvm_boards.project.plan.draft import Plan
from microtvm_boards.project.plan.graph import GraphKernel, graph_kernels
from microtvm_boards.project.plan.rpc import FRAME_BYTES
from microtvm_boards.project.plan.types import ModulePlan
from microtvm_boards.project.write.code_context import code_context
from microtvm_boards.rpc.info import PROTOCOL

IDENTITY_DIGITS = 16  # of the SHA-256 of the model library
OPTIMIZATION_FLAGS = {"none": "-O0", "debug": "-Og", "size": "-Os", "speed": "-O2"}


def project_context(plan: Plan) -> Mapping[str, Any]:
    """For any template of the project; those of one model get it as `m`, too."""
    sources = [f.path for f in plan.files if f.path.endswith((".c", *CXX_SUFFIXES))]
    code = code_context(plan)
    model_sources = code["all_model_sources"]
    return {
        **plan.context,
        **code,
        "plan": plan,
        "board": plan.board,
        "flash": plan.board.memory_for("flash"),
        "ram": plan.board.memory_for("ram"),
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
            else ["src/abi"]
        ),
        # Hosts find those of the first library through TVM's registry, the others by our names.
        "kernels": _graph_kernels([m for m in plan.modules if m.library == 0]),
        "named_kernels": _graph_kernels([m for m in plan.modules if m.library > 0]),
        "frame_bytes": FRAME_BYTES,
        "device_info": _device_info(plan),
        # What the firmware is of: its models, or the library of operators.
        "subjects": [m.module.name for m in plan.modules]
        or [module.name for module in plan.model.modules],
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
        "protocol": PROTOCOL,
        "board": plan.board.name,
        "models": [m.module.name for m in plan.modules],
        "model_sha256": plan.model.sha256[:IDENTITY_DIGITS],
        "packet_bytes": plan.rpc.packet_bytes,
        "tensor_heap_bytes": plan.rpc.tensor_heap_bytes,
    }
    return json.dumps(document, separators=(",", ":"))
