"""What code takes in flash, estimated."""

from __future__ import annotations

from collections.abc import Iterator

from microtvm_boards.project.needs.code_size import CodeEstimate, estimate_code
from microtvm_boards.project.needs.need import MemoryNeed, NeedKind
from microtvm_boards.project.plan.draft import Draft


def code_estimate(draft: Draft) -> CodeEstimate | None:
    """None where nothing was measured: other processors, other platforms."""
    options = draft.options
    return estimate_code(
        draft.modules_with_files,
        draft.board.cpu,
        platform=draft.platform,
        kind=options.kind,
        optimization=options.optimization,
        libm=draft.libm,
    )


def code_needs(draft: Draft) -> Iterator[MemoryNeed]:
    code, flash = draft.code, draft.memory_name("flash")
    if code is None:
        return
    for what, size, kind in (
        ("code of the models, estimated", code.model, NeedKind.MODEL_CODE),
        (code.ours, code.own, NeedKind.OWN_CODE),
        ("code of libraries, estimated", code.libraries, NeedKind.LIBRARIES),
    ):
        yield MemoryNeed(flash, what, size, kind, estimate=True)
