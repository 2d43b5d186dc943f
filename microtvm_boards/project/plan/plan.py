"""`plan(model, board, options, target)`: everything that is decided about a project. Pure."""

from __future__ import annotations

from dataclasses import fields, replace

from microtvm_boards.boards import Board
from microtvm_boards.errors import ModelError, UsageError
from microtvm_boards.model import Model
from microtvm_boards.project.inputs.accelerators import (
    device_hooks,
    refuse_missing,
    refuse_other_processor,
)
from microtvm_boards.project.inputs.attachments import Attachments
from microtvm_boards.project.inputs.libraries import libraries
from microtvm_boards.project.needs.app import app_needs, descriptor_needs, sample_needs
from microtvm_boards.project.needs.code import code_needs
from microtvm_boards.project.needs.libm import libm_calls
from microtvm_boards.project.needs.preflight import refuse_what_does_not_fit, warnings_of
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.project.plan.buffers import buffer_needs, lay_out
from microtvm_boards.project.plan.draft import Draft, Plan
from microtvm_boards.project.plan.files import planned_files
from microtvm_boards.project.plan.modules import alignment, arena_bytes, plan_modules
from microtvm_boards.project.plan.object_code import refuse_foreign_objects
from microtvm_boards.project.plan.operators import (
    holds_operators,
    kernel_window_needs,
    plan_operators_rpc,
    take_what_is_left,
)
from microtvm_boards.project.plan.rpc import plan_rpc, rpc_needs
from microtvm_boards.project.plan.stack import decided_stack, stack_needs
from microtvm_boards.project.target import TargetPlan

NO_ATTACHMENTS = Attachments()
# What a `c` firmware can do without TVM's runtime; anything else that generated code calls is
# missing at link time.
SERVED_CALLS = frozenset(
    {"TVMBackendAllocWorkspace", "TVMBackendFreeWorkspace", "TVMAPISetLastError"}
)


def plan(
    model: Model,
    board: Board,
    options: ProjectOptions,
    target: TargetPlan,
    attachments: Attachments = NO_ATTACHMENTS,
) -> Plan:
    """Decides which files, runtime parts and buffers a project has, and how large they are.
    `target`: of the board's platforms the one that `target.choose_target` takes.

    Raises UsageError for options that don't go together, ModelError for a model that can't be
    called, ProjectError for one that doesn't fit the board.
    """
    draft = Draft(
        model=model,
        board=board,
        options=options,
        platform=target.name,
        attachments=attachments,
        libraries=libraries(model, attachments.more),
        target=target.facts(board),
    )
    target.check(draft)
    draft = _sizes(_serving(_models(_check(draft))), target)
    draft = _memory(draft, target)
    refuse_what_does_not_fit(board, draft.needs)
    decided = {f.name: getattr(draft, f.name) for f in fields(draft)}
    decided["warnings"] = warnings_of(board, draft.needs)
    files = planned_files(draft, target.files(draft))
    return Plan(**decided, files=files, context=target.context(draft))


def _check(draft: Draft) -> Draft:
    """What can't become a firmware is refused."""
    draft = replace(draft, operators=holds_operators(draft))
    models = [library.model for library in draft.libraries]
    for model in models:
        _refuse_missing_runtime(model)
    given, processor = draft.attachments, draft.target.processor
    refuse_missing(models, given.extra, given.cmsis, given.cmsis_looked)
    refuse_other_processor(given.cmsis, draft.board, processor)
    refuse_foreign_objects(models, draft.board, processor)
    return draft


def _models(draft: Draft) -> Draft:
    draft = replace(draft, alignment=alignment(draft))
    draft = replace(draft, modules=() if draft.operators else plan_modules(draft))
    calls = [libm_calls(b.model, draft.attachments.extra) for b in draft.libraries]
    return replace(
        draft,
        arena_bytes=arena_bytes(draft.modules, draft.options, draft.alignment),
        libm=tuple(sorted(set().union(*calls))),
    )


def _serving(draft: Draft) -> Draft:
    """How the firmware is reached: by an app of its own, or over RPC."""
    _check_app(draft.options, draft.attachments)
    if draft.operators:
        return replace(draft, rpc=plan_operators_rpc(draft))
    if draft.options.model_entrypoint_api != "packed":
        return draft
    rpc, crt = plan_rpc(draft)
    # Kernels take their workspace from the heap of TVM's server.
    return replace(draft, rpc=rpc, crt=crt, arena_bytes=0 if crt else draft.arena_bytes)


def _sizes(draft: Draft, target: TargetPlan) -> Draft:
    measured = draft.options.runtime == "own" and draft.crt is None
    return replace(
        draft,
        stack=decided_stack(draft) or target.stack(draft),
        code=target.code(draft) if measured else None,
        ring_bytes=target.ring_bytes(draft),
    )


def _memory(draft: Draft, target: TargetPlan) -> Draft:
    """Where everything lies. Of single operators the tensor heap takes the room that is left."""
    draft = _placed(draft, target)
    rpc = draft.rpc
    if draft.operators and rpc is not None and draft.options.tensor_heap_bytes is None:
        draft = _placed(replace(draft, rpc=take_what_is_left(rpc, draft)), target)
    return draft


def _placed(draft: Draft, target: TargetPlan) -> Draft:
    """What is known before compiling: constants in flash and everything static in RAM, exact but
    for roundings up; code in flash, estimated. Needs are in the order of the preflight table."""
    draft = replace(draft, buffers=lay_out(draft))
    offered = (
        *buffer_needs(draft),
        *sample_needs(draft),
        *code_needs(draft),
        *(app_needs(draft) if draft.rpc is None else rpc_needs(draft)),
        *descriptor_needs(draft),
        *stack_needs(draft),
        target.base(draft),
        *kernel_window_needs(draft),
    )
    return replace(draft, needs=tuple(need for need in offered if need.size_bytes > 0))


def _check_app(options: ProjectOptions, attachments: Attachments) -> None:
    if attachments.samples is None:
        return
    if options.model_entrypoint_api != "c" or options.app != "harness":
        raise UsageError(
            "sample_inputs are run by the app 'harness' of the entry point 'c'; found app "
            f"{options.app!r}, entry point {options.model_entrypoint_api!r}.",
            hint="leave out sample_inputs, or the other option",
        )


def _refuse_missing_runtime(model: Model) -> None:
    missing = sorted(model.runtime_calls - SERVED_CALLS - set(device_hooks(model)))
    if missing:
        raise ModelError(
            f"The generated code calls {', '.join(missing)}, which only TVM's whole runtime has.",
            hint="compile without packed functions of libraries (tvm.contrib) and parallel "
            "schedules; LLVM kernels with Runtime('crt', {'system-lib': True})",
        )
