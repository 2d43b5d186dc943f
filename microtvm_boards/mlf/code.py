"""What the generated code of one module says, whether it came as C or as objects."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from microtvm_boards.mlf.relay.text import TensorType
from microtvm_boards.model import Interface, StaticBuffer


@dataclass(frozen=True)
class Tables:
    """kTvmgenMetadata: the AOT metadata of the packed interface (TVM 0.9 on), by position.

    Inputs have their own names with non-alphanumerics made "_"; outputs are output0, output1, ...
    """

    inputs: tuple[tuple[str, TensorType], ...]
    outputs: tuple[tuple[str, TensorType], ...]
    workspace_pools: int


@dataclass(frozen=True)
class ModuleCode:
    entry: Interface | None = None  # of tvmgen_<m>_run
    main: Interface | None = None  # of tvmgen_<m>___tvm_main__, the entry of all-LLVM modules
    main_args: int | None = None  # inputs and outputs together, where the entry shows it
    runtime_calls: frozenset[str] = frozenset()
    allocated_bytes: int = 0  # of all TVMBackendAllocWorkspace calls together
    static_buffers: tuple[StaticBuffer, ...] = ()
    constants_bytes: int = 0  # of arrays that the code holds itself
    alignment: int = 1  # the largest that its declarations ask for
    system_lib: bool = False
    tables: Tables | None = None


def merge(parts: Iterable[ModuleCode]) -> ModuleCode:
    """All files of a module as one."""
    files = list(parts)
    return ModuleCode(
        entry=next((f.entry for f in files if f.entry), None),
        main=next((f.main for f in files if f.main), None),
        main_args=next((f.main_args for f in files if f.main_args), None),
        runtime_calls=frozenset().union(*(f.runtime_calls for f in files)),
        allocated_bytes=sum(f.allocated_bytes for f in files),
        static_buffers=tuple(b for f in files for b in f.static_buffers),
        constants_bytes=sum(f.constants_bytes for f in files),
        alignment=max((f.alignment for f in files), default=1),
        system_lib=any(f.system_lib for f in files),
        tables=next((f.tables for f in files if f.tables), None),
    )
