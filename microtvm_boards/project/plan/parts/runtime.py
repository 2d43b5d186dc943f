"""src/abi, src/runtime: what generated code includes and calls; crt/: TVM's own runtime instead."""

from __future__ import annotations

from collections.abc import Iterator

from microtvm_boards.model import Interface
from microtvm_boards.project.inputs import crt_files
from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.parts.planned import from_folder
from microtvm_boards.project.plan.parts.rpc import calls_kernels
from microtvm_boards.project.plan.types import Origin, PlannedFile

FOLDER = "src/runtime"
ABI_FOLDER = "src/abi"
ABI = (
    "dlpack/dlpack.h",
    "tvm/runtime/c_backend_api.h",
    "tvm/runtime/c_runtime_api.h",
    "tvm/runtime/metadata_types.h",
    "tvm/runtime/crt/error_codes.h",
    "tvm/runtime/crt/func_registry.h",
    "tvm/runtime/crt/module.h",
)
PACKED = "mtvm_packed.h"
WORKSPACE = "mtvm_workspace.h"
OWN_WORKSPACE, CRT_WORKSPACE = "mtvm_workspace.c", "mtvm_crt_workspace.c"
LAST_ERROR = "mtvm_last_error.c"
CRT_LIMITS = "crt_config/crt_config.h.j2"
# What TVM's own RPC server asks for.
CRT_PLATFORM = (
    *("mtvm_crt.h", "mtvm_crt_platform.c", "mtvm_crt_globals.c"),
    "mtvm_crt_new.cc",
)
_ASKED = "kernels ask for workspace"


def runtime_files(draft: Draft) -> Iterator[PlannedFile]:
    own = draft.options.runtime == "own"
    if own:
        yield from from_folder(ABI_FOLDER, ABI, "TVM's C ABI, for the generated code")
    else:
        yield from _standalone_crt(draft)
    if _calls_packed(draft):
        yield from from_folder(ABI_FOLDER, [PACKED], "how packed functions are called")
    if draft.arena_bytes or draft.operators:
        source = OWN_WORKSPACE if own else CRT_WORKSPACE
        yield from from_folder(FOLDER, (WORKSPACE, source), _ASKED)
    calls = frozenset().union(*(library.model.runtime_calls for library in draft.libraries))
    if "TVMAPISetLastError" in calls and draft.crt is None and not calls_kernels(draft):
        yield from from_folder(FOLDER, [LAST_ERROR], "kernels report failed checks")


def _calls_packed(draft: Draft) -> bool:
    """Whether code of ours does."""
    if draft.crt is not None:
        return False
    entries = (m.module.entry for m in draft.modules)
    packed = any(entry is not None and entry.interface is Interface.PACKED for entry in entries)
    return packed or draft.rpc is not None


def _standalone_crt(draft: Draft) -> Iterator[PlannedFile]:
    yield from _crt(crt_files.HEADERS, "TVM's own headers")
    if draft.crt is not None:
        yield from _crt(crt_files.SERVER, "TVM's own RPC server")
        yield from from_folder(FOLDER, CRT_PLATFORM, "what TVM's own RPC server asks for")
    elif draft.arena_bytes:
        yield from _crt(crt_files.WORKSPACE, _ASKED)
    else:
        return
    yield from from_folder(FOLDER, [CRT_LIMITS], "limits of TVM's C runtime")


def _crt(sources: tuple[str, ...], reason: str) -> Iterator[PlannedFile]:
    for source in sources:
        yield PlannedFile(f"crt/{source}", Origin.CRT, source, reason)
