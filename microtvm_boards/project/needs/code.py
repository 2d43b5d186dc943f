"""What code takes in flash, estimated."""

from __future__ import annotations

from collections.abc import Iterator

from microtvm_boards.project.needs.code_size import CodeEstimate, estimate_code
from microtvm_boards.project.needs.need import MemoryNeed, NeedKind
from microtvm_boards.project.needs.zephyr_size import on_zephyr
from microtvm_boards.project.plan.draft import Draft


def code_estimate(draft: Draft) -> CodeEstimate | None:
    """None where nothing was measured: other processors, other platforms, TVM's own runtime."""
    options, modules = draft.options, draft.modules_with_files
    if options.runtime != "own" or draft.crt is not None:
        return None
    if draft.zephyr is not None:
        return on_zephyr(modules, draft.board, options, draft.zephyr, draft.libm)
    return estimate_code(
        modules,
        draft.board.cpu,
        platform=draft.platform,
        kind=options.kind,
        optimization=options.optimization,
        libm=draft.libm,
    )


def code_needs(draft: Draft) -> Iterator[MemoryNeed]:
    code, flash, zephyr = draft.code, draft.memory_name("flash"), draft.zephyr
    if code is None:
        return
    ours = "code of ours, estimated"
    if zephyr is not None:
        ours = f"code of ours and Zephyr{zephyr.source or ', estimated'}"
    for what, size, kind in (
        ("code of the models, estimated", code.model, NeedKind.MODEL_CODE),
        (ours, code.own, NeedKind.OWN_CODE),
        ("code of libraries, estimated", code.libraries, NeedKind.LIBRARIES),
    ):
        yield MemoryNeed(flash, what, size, kind, estimate=True)
