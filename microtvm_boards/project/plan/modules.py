"""Models with the C names, buffers and graphs that they get."""

from __future__ import annotations

from microtvm_boards.errors import ModelError
from microtvm_boards.model import Executor, Interface, Module
from microtvm_boards.project.inputs.libraries import Member, members
from microtvm_boards.project.needs.preflight import align_up
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.plan.draft import ALIGNMENT_C, Draft
from microtvm_boards.project.plan.graph import plan_graph
from microtvm_boards.project.plan.names import C_KEYWORDS, tvm_field, unique_identifiers
from microtvm_boards.project.plan.types import ModulePlan, PoolPlan, TensorPlan

# LLVM kernels are compiled for TVM's kAllocAlignment (v0.9 runtime/device_api.h).
ALIGNMENT_LLVM = 64
MOST_REQUESTS = 16  # of workspace by one kernel at a time, where kernels are objects


def alignment(draft: Draft) -> int:
    """Bytes, of everything that code of the libraries is given."""
    if draft.kernel_host is not None and draft.target.native:
        return ALIGNMENT_LLVM  # kernels of any compiler come
    return max(_alignment(m) for library in draft.libraries for m in library.model.modules)


def _alignment(module: Module) -> int:
    """What the module asks for, at least TVM's."""
    objects = any(source.endswith(".o") for source in module.sources)
    return max(module.alignment, ALIGNMENT_LLVM if objects else ALIGNMENT_C)


def plan_modules(draft: Draft) -> tuple[ModulePlan, ...]:
    """Raises UsageError for a name that is given twice, ModelError for a module that can't be
    called."""
    found = members(draft.libraries, draft.attachments.more)
    c_names = unique_identifiers(member.module.c_name for member in found)
    return tuple(
        _plan_module(member, c_name) for member, c_name in zip(found, c_names, strict=True)
    )


def _plan_module(member: Member, c_name: str) -> ModulePlan:
    module = member.module
    if module.executor is Executor.AOT and module.entry is None:
        raise ModelError(
            f'Module "{module.name}" has no entry function tvmgen_{module.c_name}_run.',
            hint="export it again with executor aot or graph",
        )
    if not module.inputs or not module.outputs:
        raise ModelError(
            f'Module "{module.name}" has {len(module.inputs)} inputs and {len(module.outputs)} '
            "outputs; a firmware needs at least one of each.",
            hint="export the model again",
        )
    tensors = module.inputs + module.outputs
    names = unique_identifiers(t.name for t in tensors)
    fields = (
        *unique_identifiers(t.name for t in module.inputs),
        *unique_identifiers(t.name for t in module.outputs),
    )
    planned = tuple(
        TensorPlan(
            tensor=tensor,
            c_name=field,
            macro=f"MTVM_{c_name.upper()}_{name.upper()}_SIZE",
            tvm_field=tvm_field(tensor.name),
        )
        for tensor, name, field in zip(tensors, names, fields, strict=True)
    )
    keywords: tuple[str, ...] = ()
    if module.entry is not None and module.entry.interface is Interface.C:
        keywords = _keywords(module, planned)
    return ModulePlan(
        module=module,
        c_name=c_name,
        inputs=planned[: len(module.inputs)],
        outputs=planned[len(module.inputs) :],
        pools=_pools(module),
        graph=plan_graph(module) if module.executor is Executor.GRAPH else None,
        keywords=keywords,
        library=member.library,
        renames=member.renames,
    )


def _keywords(module: Module, tensors: tuple[TensorPlan, ...]) -> tuple[str, ...]:
    """C keywords that TVM used as field names of its structs; renamed by macros for its own file.

    Raises ModelError where the generated code needs that keyword itself.
    """
    used = tuple(dict.fromkeys(t.tvm_field for t in tensors if t.tvm_field in C_KEYWORDS))
    for word in used:
        if word in ("struct", "static", "return", "void", "extern", "const"):
            raise ModelError(
                f'A tensor of module "{module.name}" is called "{word}", a C keyword that the '
                "generated code itself needs.",
                hint="rename it, or compile with interface-api=packed",
            )
    return used


def _pools(module: Module) -> tuple[PoolPlan, ...]:
    if module.entry is not None and module.entry.io_in_pools:
        raise ModelError(
            f'Module "{module.name}" keeps its inputs inside the workspace '
            "(tir.usmp.use_workspace_io).",
            hint="compile it without tir.usmp.use_workspace_io",
        )
    return tuple(
        PoolPlan(tvm_field(pool.name), pool.size_bytes, pool.constant_data or "")
        for pool in module.pools
    )


def arena_bytes(modules: tuple[ModulePlan, ...], options: ProjectOptions, alignment: int) -> int:
    """Room for TVMBackendAllocWorkspace; models run one at a time, so the maximum is enough."""
    needed = 0
    for plan_ in modules:
        module = plan_.module
        if module.calls_workspace_alloc:
            # A graph's own activations are static storage; TVM's total counts them too.
            own = (
                module.kernel_workspace_bytes
                if module.executor is Executor.GRAPH
                else module.workspace_bytes
            )
            needed = max(needed, align_up(own, alignment), alignment)
    if alignment > ALIGNMENT_C:
        # TVM counts in steps of 16: room for what the coarser steps of live requests take more.
        needed += MOST_REQUESTS * alignment if needed else 0
    if needed and options.workspace_size_bytes is not None:
        return align_up(options.workspace_size_bytes, alignment)
    return needed
