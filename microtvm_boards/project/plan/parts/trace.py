"""src/trace: what a traced copy of a project has beside the project's own files."""

from __future__ import annotations

FOLDER = "src/trace"
SOURCES = ("mtvm_trace.c", "mtvm_calls.c.j2")
HEADERS = ("mtvm_trace.h", "mtvm_calls.h.j2")
RPC_SOURCES = ("trace_rpc.c",)
RPC_HEADERS = ("trace_rpc.h",)


def trace_sources(entrypoint: str) -> tuple[str, ...]:
    """What is compiled, as it lies in template_project/src/trace."""
    return SOURCES + (RPC_SOURCES if entrypoint == "packed" else ())


def trace_files(entrypoint: str) -> tuple[str, ...]:
    """With headers."""
    return trace_sources(entrypoint) + HEADERS + (RPC_HEADERS if entrypoint == "packed" else ())
