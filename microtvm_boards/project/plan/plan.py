"""`plan(model, board, options)`: everything that is decided about a project. Pure."""

from __future__ import annotations

from microtvm_boards.boards import Board
from microtvm_boards.errors import BoardError, ModelError, UsageError, nearest
from microtvm_boards.model import Executor, Interface, Model, Module
from microtvm_boards.project.inputs.accelerators import device_hooks, refuse_missing
from microtvm_boards.project.inputs.attachments import Attachments
from microtvm_boards.project.inputs.libraries import (
    Library,
    Member,
    libraries,
    members,
)
from microtvm_boards.project.manifest import RpcSettings
from microtvm_boards.project.needs.code_size import CodeEstimate, estimate_code
from microtvm_boards.project.needs.need import MemoryNeed
from microtvm_boards.project.needs.preflight import (
    align_up,
    memory_needs,
    refuse_what_does_not_fit,
    warnings_of,
)
from microtvm_boards.project.needs.zephyr_size import ZephyrBase, base_of, on_zephyr
from microtvm_boards.project.options.parse import ProjectOptions
from microtvm_boards.project.options.zephyr import libm_calls
from microtvm_boards.project.plan.buffers import lay_out
from microtvm_boards.project.plan.files import planned_files
from microtvm_boards.project.plan.graph import plan_graph
from microtvm_boards.project.plan.names import (
    C_KEYWORDS,
    tvm_field,
    unique_identifiers,
)
from microtvm_boards.project.plan.object_code import refuse_foreign_objects
from microtvm_boards.project.plan.operators import (
    holds_operators,
    kernel_window_needs,
    plan_operators_rpc,
    take_what_is_left,
)
from microtvm_boards.project.plan.parts.port import PORTS
from microtvm_boards.project.plan.rpc import plan_rpc
from microtvm_boards.project.plan.stack import plan_stack
from microtvm_boards.project.plan.types import (
    Buffer,
    CrtServer,
    ModulePlan,
    Plan,
    PoolPlan,
    TensorPlan,
)

# USMP's default for buffers of C kernels (v0.16 tir/usmp: kDefaultByteAlignment is 16).
ALIGNMENT_C = 16
# LLVM kernels are compiled for TVM's kAllocAlignment (v0.9 runtime/device_api.h).
ALIGNMENT_LLVM = 64
MOST_REQUESTS = 16  # of workspace by one kernel at a time, where kernels are objects
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
    platform = _platform(board, options)
    _check_uart(board, platform)
    all_libraries = libraries(model, attachments.more)
    operators = holds_operators(all_libraries, options)
    for library in all_libraries:
        _refuse_missing_runtime(library.model)
    refuse_missing(
        [library.model for library in all_libraries],
        board,
        attachments.extra,
        attachments.cmsis,
        attachments.cmsis_looked,
    )
    refuse_foreign_objects([library.model for library in all_libraries], board)
    found = () if operators else members(all_libraries, attachments.more)
    alignment = max(_alignment(m) for library in all_libraries for m in library.model.modules)
    if attachments.kernel_host is not None and board.hosted:
        alignment = ALIGNMENT_LLVM  # kernels of any compiler come
    c_names = unique_identifiers(member.module.c_name for member in found)
    modules = tuple(
        _plan_module(member, c_name) for member, c_name in zip(found, c_names, strict=True)
    )
    arena = _arena_bytes(modules, options, alignment)
    zephyr = base_of(board, platform, options)
    _check_app(options, attachments)
    rpc, crt = None, None
    if operators:
        rpc = plan_operators_rpc(model, board, options, alignment=alignment)
    elif options.model_entrypoint_api == "packed":
        rpc, crt = plan_rpc(model, modules, board, options, alignment=alignment, arena_bytes=arena)
    if crt is not None:
        arena = 0  # kernels take their workspace from the tensor heap
    calls = [libm_calls(library.model, attachments.extra) for library in all_libraries]
    libm = tuple(sorted(set().union(*calls)))
    stack = plan_stack(
        board,
        platform,
        options,
        all_libraries,
        modules,
        zephyr,
        libm=bool(libm),
        crt=crt,
        kernels_come=operators or attachments.kernel_host is not None,
    )
    code = _code_estimate(all_libraries, modules, board, platform, options, libm, crt, zephyr)

    def place(rpc: RpcSettings | None) -> tuple[tuple[Buffer, ...], tuple[MemoryNeed, ...]]:
        buffers = lay_out(
            board,
            platform,
            modules,
            options,
            alignment=alignment,
            arena_bytes=arena,
            rpc=rpc,
            graphs_on_host=crt is not None,
        )
        needs = memory_needs(
            board,
            platform,
            modules,
            buffers,
            options,
            libm=bool(libm),
            code=code,
            alignment=alignment,
            stack=stack,
            samples=attachments.samples,
            rpc=rpc,
            crt=crt,
            zephyr=zephyr,
        )
        return buffers, (*needs, *kernel_window_needs(board, attachments.kernel_host))

    buffers, needs = place(rpc)
    if operators and rpc is not None and options.tensor_heap_bytes is None:
        rpc = take_what_is_left(rpc, board, platform, buffers, needs, alignment)
        buffers, needs = place(rpc)
    refuse_what_does_not_fit(board, needs)
    result = Plan(
        model=model,
        board=board,
        options=options,
        platform=platform,
        entrypoint=options.model_entrypoint_api,
        modules=modules,
        alignment=alignment,
        arena_bytes=arena,
        stack=stack,
        rpc=rpc,
        attachments=attachments,
        needs=needs,
        warnings=warnings_of(board, needs),
        files=(),
        libraries=all_libraries,
        buffers=buffers,
        crt=crt,
        operators=operators,
    )
    return planned_files(result)


def _code_estimate(
    all_libraries: tuple[Library, ...],
    modules: tuple[ModulePlan, ...],
    board: Board,
    platform: str,
    options: ProjectOptions,
    libm: tuple[str, ...],
    crt: CrtServer | None,
    zephyr: ZephyrBase | None,
) -> CodeEstimate | None:
    """None where nothing was measured: other processors, other platforms, TVM's own runtime."""
    if options.runtime != "own" or crt is not None:
        return None
    listed = [(m, all_libraries[m.library].model.files) for m in modules]
    if zephyr is not None:
        return on_zephyr(listed, board, options, zephyr, libm)
    return estimate_code(
        listed,
        board.cpu,
        platform=platform,
        kind=options.kind,
        optimization=options.optimization,
        libm=libm,
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


def _alignment(module: Module) -> int:
    """Bytes, of everything that the module's code is given: what it asks for, at least TVM's."""
    objects = any(source.endswith(".o") for source in module.sources)
    return max(module.alignment, ALIGNMENT_LLVM if objects else ALIGNMENT_C)


def _refuse_missing_runtime(model: Model) -> None:
    missing = sorted(model.runtime_calls - SERVED_CALLS - set(device_hooks(model)))
    if missing:
        raise ModelError(
            f"The generated code calls {', '.join(missing)}, which only TVM's whole runtime has.",
            hint="compile without packed functions of libraries (tvm.contrib) and parallel "
            "schedules; LLVM kernels with Runtime('crt', {'system-lib': True})",
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


def _arena_bytes(modules: tuple[ModulePlan, ...], options: ProjectOptions, alignment: int) -> int:
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
