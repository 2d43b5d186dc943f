"""src/app: main() of the entry points."""

from __future__ import annotations

from collections.abc import Iterator

from microtvm_boards.project.plan.draft import Draft
from microtvm_boards.project.plan.parts.planned import copied, from_folder, made
from microtvm_boards.project.plan.types import PlannedFile

FOLDER = "src/app"
SERVER, CRT_SERVER, MINIMAL = "packed.c", "packed_crt.c", "main.c.j2"
HARNESS = ("c_harness.c", "README.md", "mtvm_samples.h.j2")


def app_files(draft: Draft) -> Iterator[PlannedFile]:
    if draft.rpc is not None:
        main = SERVER if draft.crt is None else CRT_SERVER
        yield copied(f"{FOLDER}/{main}", "main() that serves the model over RPC")
        return
    if draft.options.app == "minimal":
        yield from from_folder(FOLDER, [MINIMAL], "main() to start from")
        return
    reasons = (
        "main() that runs samples over the UART",
        "the protocol of c_harness.c",
        "how many samples",
    )
    for name, reason in zip(HARNESS, reasons, strict=True):
        yield from from_folder(FOLDER, [name], reason)
    if draft.attachments.samples is not None:
        yield made(f"{FOLDER}/mtvm_samples.c", "samples_c", "option sample_inputs")
