"""src/rpc: the server of entry point packed, with one codec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.parts.planned import from_folder
from microtvm_boards.project.plan.types import PlannedFile

FOLDER = "src/rpc"
SERVER = (
    *("baud.c", "baud.h", "call.c", "call.h", "codec.h", "dispatch.c", "dispatch.h"),
    *("error.c", "error.h", "heap.c", "heap.h", "link.c", "link.h", "random.c", "random.h"),
    *("registry.c", "registry.h", "rpc_codes.h", "server.c", "server.h"),
    *("session.c", "session.h", "timer.c", "timer.h"),
)
CODECS: Mapping[str, tuple[str, ...]] = {"classic": ("codec_classic.c",)}
EXECUTOR = ("executor.c", "executor.h")  # of models
GRAPH_KERNELS = ("kernels.h", "kernels.c.j2")  # that a graph executor on the host calls
# Kernels that come while the firmware runs, into its RAM or as shared libraries.
KERNEL_HOST = ("kernel_window.h",)
KERNELS_IN_RAM = ("kernel_window.c",)
KERNEL_LIBRARIES = ("kernel_library.c",)
_REASON = "serves the model over RPC"


def rpc_files(draft: Draft) -> Iterator[PlannedFile]:
    if draft.rpc is None or draft.crt is not None:
        return
    yield from from_folder(FOLDER, (*SERVER, *CODECS[draft.rpc.codec]), _REASON)
    if not draft.operators:
        yield from from_folder(FOLDER, EXECUTOR, _REASON)
    if any(m.graph is not None for m in draft.modules):
        header, table = GRAPH_KERNELS
        yield from from_folder(FOLDER, [header], _REASON)
        yield from from_folder(FOLDER, [table], "sizes of what the operators of the graph take")
    if draft.kernel_host is not None:
        in_ram = draft.kernel_host.window_bytes > 0
        loader = KERNELS_IN_RAM if in_ram else KERNEL_LIBRARIES
        yield from from_folder(FOLDER, (*KERNEL_HOST, *loader), _REASON)
