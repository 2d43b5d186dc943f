"""src/rpc: the server of entry point packed, with one codec. A feature is a file that is in or out;
features.c, which is rendered, names those that are in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.parts.planned import from_folder
from microtvm_boards.project.plan.types import PlannedFile

FOLDER = "src/rpc"
SERVER = (
    *("server.c", "server.h", "dispatch.c", "dispatch.h"),
    *("link/link.c", "link/link.h", "link/session.c", "link/session.h"),
    *("codec/codec.h", "codec/rpc_codes.h"),
    *("calls/call.c", "calls/call.h", "calls/error.c", "calls/error.h"),
    *("calls/handles.c", "calls/handles.h", "calls/heap.c", "calls/heap.h"),
    *("features/features.h", "features/system.c", "features/system.h"),
    *("features/random.c", "features/random.h", "features/timer.c", "features/timer.h"),
)
FEATURES = "features/features.c.j2"
CODECS: Mapping[str, tuple[str, ...]] = {"classic": ("codec/codec_classic.c",)}
BAUD = (
    *("link/baud.c", "link/baud.h"),
    *("features/set_baud.c", "features/set_baud.h"),
)  # where the UART's rate can change
EXECUTOR = ("features/executor.c", "features/executor.h")  # of models
# Kernels that a host calls one by one: those of graphs, by TVM's tables or, of model libraries
# beside the first, by names of ours; or operators without a graph.
KERNELS = ("kernels/kernels.h", "kernels/kernel_call.c")
SYSTEM_FUNCTIONS = ("kernels/system_functions.c",)
NAMED_KERNELS = ("kernels/named_kernels.c",)
GRAPH_KERNELS = ("kernels/graph_check.c",)
GRAPH_TABLE = "kernels/kernels.c.j2"
OPERATORS = ("kernels/operators.c",)
# Kernels that come while the firmware runs, into its RAM or as shared libraries.
KERNEL_HOST = ("kernels/kernel_window.h",)
KERNELS_IN_RAM = ("kernels/kernel_window.c",)
KERNEL_LIBRARIES = ("kernels/kernel_library.c",)
_REASON = "serves the model over RPC"


def calls_kernels(draft: Draft) -> bool:
    """Whether hosts call generated functions one by one."""
    served = draft.rpc is not None and draft.crt is None
    return served and (draft.operators or any(m.graph is not None for m in draft.modules))


def rpc_files(draft: Draft) -> Iterator[PlannedFile]:
    if draft.rpc is None or draft.crt is not None:
        return
    yield from from_folder(FOLDER, (*SERVER, *CODECS[draft.rpc.codec]), _REASON)
    yield from from_folder(FOLDER, [FEATURES], "what a host finds in this firmware")
    if not draft.operators:
        yield from from_folder(FOLDER, EXECUTOR, _REASON)
    if calls_kernels(draft):
        yield from _kernels(draft)
    if draft.kernel_host is not None:
        in_ram = draft.kernel_host.window_bytes > 0
        loader = KERNELS_IN_RAM if in_ram else KERNEL_LIBRARIES
        yield from from_folder(FOLDER, (*KERNEL_HOST, *loader), _REASON)


def baud_files(draft: Draft) -> Iterator[PlannedFile]:
    """What a port adds to them whose UART can change its rate."""
    if draft.rpc is not None and draft.crt is None:
        yield from from_folder(FOLDER, BAUD, _REASON)


def _kernels(draft: Draft) -> Iterator[PlannedFile]:
    graphs = [m.library for m in draft.modules if m.graph is not None]
    yield from from_folder(FOLDER, KERNELS, _REASON)
    if draft.operators or 0 in graphs:
        yield from from_folder(FOLDER, SYSTEM_FUNCTIONS, _REASON)
    if any(library > 0 for library in graphs):
        yield from from_folder(FOLDER, NAMED_KERNELS, _REASON)
    if draft.operators:
        yield from from_folder(FOLDER, OPERATORS, _REASON)
    else:
        yield from from_folder(FOLDER, GRAPH_KERNELS, _REASON)
        yield from from_folder(
            FOLDER, [GRAPH_TABLE], "sizes of what the operators of the graph take"
        )
