"""`plan(model, board, options)`: everything that is decided about a project. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace

from microtvm_boards.boards import Board
from microtvm_boards.errors import BoardError, ModelError, UsageError, nearest
from microtvm_boards.model import Model
from microtvm_boards.project.inputs.accelerators import device_hooks, refuse_missing
from microtvm_boards.project.inputs.attachments import Attachments
from microtvm_boards.project.inputs.libraries import libraries
from microtvm_boards.project.needs.app import app_needs, descriptor_needs, sample_needs
from microtvm_boards.project.needs.base import base_needs
from microtvm_boards.project.needs.code import code_estimate, code_needs
from microtvm_boards.project.needs.need import MemoryNeed
from microtvm_boards.project.needs.preflight import refuse_what_does_not_fit, warnings_of
from microtvm_boards.project.needs.zephyr_size import base_of
from microtvm_boards.project.options.parse import ProjectOptions
from microtvm_boards.project.options.zephyr import libm_calls
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
from microtvm_boards.project.plan.parts.port import PORTS
from microtvm_boards.project.plan.rpc import plan_rpc, rpc_needs
from microtvm_boards.project.plan.stack import plan_stack, stack_needs

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
    attachments: Attachments = NO_ATTACHMENTS,
) -> Plan:
    """Decides which files, runtime parts and buffers a project has, and how large they are.

    Raises UsageError for options that don't go together, ModelError for a model that can't be
    called, ProjectError for one that doesn't fit the board.
    """
    draft = Draft(
        model=model,
        board=board,
        options=options,
        platform=_platform(board, options),
        attachments=attachments,
        libraries=libraries(model, attachments.more),
    )
    for stage in _STAGES:
        draft = stage(draft)
    refuse_what_does_not_fit(board, draft.needs)
    decided = {f.name: getattr(draft, f.name) for f in fields(draft)}
    decided["warnings"] = warnings_of(board, draft.needs)
    return Plan(**decided, files=planned_files(draft))


def _check(draft: Draft) -> Draft:
    """What can't become a firmware is refused."""
    _check_uart(draft.board, draft.platform)
    draft = replace(draft, operators=holds_operators(draft))
    models = [library.model for library in draft.libraries]
    for model in models:
        _refuse_missing_runtime(model)
    given = draft.attachments
    refuse_missing(models, draft.board, given.extra, given.cmsis, given.cmsis_looked)
    refuse_foreign_objects(models, draft.board)
    return draft


def _models(draft: Draft) -> Draft:
    draft = replace(draft, alignment=alignment(draft))
    draft = replace(draft, modules=() if draft.operators else plan_modules(draft))
    calls = [libm_calls(b.model, draft.attachments.extra) for b in draft.libraries]
    return replace(
        draft,
        arena_bytes=arena_bytes(draft.modules, draft.options, draft.alignment),
        libm=tuple(sorted(set().union(*calls))),
        zephyr=base_of(draft.board, draft.platform, draft.options),
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


def _sizes(draft: Draft) -> Draft:
    return replace(draft, stack=plan_stack(draft), code=code_estimate(draft))


def _memory(draft: Draft) -> Draft:
    """Where everything lies. Of single operators the tensor heap takes the room that is left."""
    draft = _placed(draft)
    rpc = draft.rpc
    if draft.operators and rpc is not None and draft.options.tensor_heap_bytes is None:
        draft = _placed(replace(draft, rpc=take_what_is_left(rpc, draft)))
    return draft


def _placed(draft: Draft) -> Draft:
    draft = replace(draft, buffers=lay_out(draft))
    offered = [need for needs_of in _NEEDS for need in needs_of(draft)]
    return replace(draft, needs=tuple(need for need in offered if need.size_bytes > 0))


def _reached(draft: Draft) -> Iterable[MemoryNeed]:
    return app_needs(draft) if draft.rpc is None else rpc_needs(draft)


_STAGES: tuple[Callable[[Draft], Draft], ...] = (_check, _models, _serving, _sizes, _memory)
# What is known before compiling: constants in flash and everything static in RAM, exact but for
# roundings up; code in flash, estimated. In the order of the preflight table.
_NEEDS: tuple[Callable[[Draft], Iterable[MemoryNeed]], ...] = (
    *(buffer_needs, sample_needs, code_needs, _reached, descriptor_needs),
    *(stack_needs, base_needs, kernel_window_needs),
)


def _platform(board: Board, options: ProjectOptions) -> str:
    platform = board.platforms[0] if options.platform is None else options.platform
    if platform not in board.platforms:
        raise UsageError(
            f'Board "{board.name}" has no platform "{platform}".'
            f"{nearest(platform, board.platforms)}",
            hint="its platforms are " + ", ".join(board.platforms),
        )
    if platform not in PORTS:
        raise UsageError(
            f'Board "{board.name}" wants platform "{platform}", which this version doesn\'t have.',
            hint=f"another of its platforms: {', '.join(board.platforms)}",
        )
    return platform


def _check_app(options: ProjectOptions, attachments: Attachments) -> None:
    if attachments.samples is None:
        return
    if options.model_entrypoint_api != "c" or options.app != "harness":
        raise UsageError(
            "sample_inputs are run by the app 'harness' of the entry point 'c'; found app "
            f"{options.app!r}, entry point {options.model_entrypoint_api!r}.",
            hint="leave out sample_inputs, or the other option",
        )


def _check_uart(board: Board, platform: str) -> None:
    drivers = sorted(PORTS[platform].uarts)
    if board.uart is not None and drivers and board.uart.driver not in drivers:
        raise BoardError(
            f'{board.source}: platform "{platform}" has no UART driver "{board.uart.driver}".'
            f"{nearest(board.uart.driver or '', drivers)}",
            hint="uart.driver is one of " + ", ".join(drivers),
        )


def _refuse_missing_runtime(model: Model) -> None:
    missing = sorted(model.runtime_calls - SERVED_CALLS - set(device_hooks(model)))
    if missing:
        raise ModelError(
            f"The generated code calls {', '.join(missing)}, which only TVM's whole runtime has.",
            hint="compile without packed functions of libraries (tvm.contrib) and parallel "
            "schedules; LLVM kernels with Runtime('crt', {'system-lib': True})",
        )
