"""TVM's standalone_crt: where it is, and which of its files each use takes. Tried with v0.16."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from microtvm_boards.errors import UsageError
from microtvm_boards.project.options.table import ProjectOptions

# What generated code includes, and what that includes.
HEADERS = tuple(
    """
    include/dlpack/dlpack.h
    include/tvm/runtime/c_backend_api.h
    include/tvm/runtime/c_runtime_api.h
    include/tvm/runtime/metadata_types.h
    include/tvm/runtime/crt/error_codes.h
    include/tvm/runtime/crt/func_registry.h
    include/tvm/runtime/crt/module.h
    """.split()
)
# Kernels of a `c` firmware ask for workspace.
WORKSPACE = tuple(
    """
    include/tvm/runtime/crt/logging.h
    include/tvm/runtime/crt/page_allocator.h
    include/tvm/runtime/crt/platform.h
    include/tvm/runtime/crt/stack_allocator.h
    src/runtime/crt/common/crt_backend_api.c
    src/runtime/crt/memory/stack_allocator.c
    """.split()
)
# The RPC server of a `packed` firmware. It registers the AOT executor itself, whatever the model.
SERVER = tuple(
    """
    include/checksum.h
    include/tvm/runtime/crt/aot_executor.h
    include/tvm/runtime/crt/aot_executor_module.h
    include/tvm/runtime/crt/crt.h
    include/tvm/runtime/crt/graph_executor.h
    include/tvm/runtime/crt/internal/common/ndarray.h
    include/tvm/runtime/crt/internal/graph_executor/graph_executor.h
    include/tvm/runtime/crt/internal/graph_executor/load_json.h
    include/tvm/runtime/crt/internal/memory/page_allocator.h
    include/tvm/runtime/crt/logging.h
    include/tvm/runtime/crt/microtvm_rpc_server.h
    include/tvm/runtime/crt/packed_func.h
    include/tvm/runtime/crt/page_allocator.h
    include/tvm/runtime/crt/platform.h
    include/tvm/runtime/crt/rpc_common/frame_buffer.h
    include/tvm/runtime/crt/rpc_common/framing.h
    include/tvm/runtime/crt/rpc_common/session.h
    include/tvm/runtime/crt/rpc_common/write_stream.h
    src/runtime/crt/aot_executor/aot_executor.c
    src/runtime/crt/aot_executor_module/aot_executor_module.c
    src/runtime/crt/common/crt_backend_api.c
    src/runtime/crt/common/crt_runtime_api.c
    src/runtime/crt/common/func_registry.c
    src/runtime/crt/common/ndarray.c
    src/runtime/crt/common/packed_func.c
    src/runtime/crt/memory/page_allocator.c
    src/runtime/crt/microtvm_rpc_common/crcccitt.c
    src/runtime/crt/microtvm_rpc_common/frame_buffer.cc
    src/runtime/crt/microtvm_rpc_common/framing.cc
    src/runtime/crt/microtvm_rpc_common/session.cc
    src/runtime/crt/microtvm_rpc_common/write_stream.cc
    src/runtime/crt/microtvm_rpc_server/rpc_server.cc
    src/runtime/crt/tab/gentab_ccitt.inc
    src/runtime/minrpc/minrpc_interfaces.h
    src/runtime/minrpc/minrpc_server.h
    src/runtime/minrpc/rpc_reference.h
    src/support/generic_arena.h
    src/support/ssize.h
    """.split()
)


def read_crt(options: ProjectOptions) -> dict[str, bytes]:
    """The files that the entry point may need, by their path in standalone_crt.

    They come from the first of the Project API's parameter and $TVM_HOME/build/standalone_crt that
    has them all. Raises UsageError when neither does.
    """
    wanted = HEADERS + (SERVER if options.model_entrypoint_api == "packed" else WORKSPACE)
    root = _find(options, wanted)
    return {name: (root / name).read_bytes() for name in wanted}


def _find(options: ProjectOptions, wanted: Sequence[str]) -> Path:
    candidates = []
    if options.standalone_crt_dir is not None:
        candidates.append(Path(options.standalone_crt_dir))
    if os.environ.get("TVM_HOME"):
        candidates.append(Path(os.environ["TVM_HOME"]) / "build" / "standalone_crt")
    details = []
    for root in candidates:
        missing = next((name for name in wanted if not (root / name).is_file()), None)
        if missing is None:
            return root
        details.append(f"{root} has no {missing}")
    raise UsageError(
        "runtime=standalone_crt needs TVM's C runtime, and none was found.",
        details=details,
        hint="set TVM_HOME to a TVM tree with build/standalone_crt (make standalone_crt), or "
        "runtime=own",
    )
