"""What the application of entry point c takes, and descriptors of tensors of either."""

from __future__ import annotations

from collections.abc import Iterator

from microtvm_boards.project.needs.code_size import descriptor_bytes
from microtvm_boards.project.needs.need import MemoryNeed, NeedKind
from microtvm_boards.project.needs.preflight import buffer_bytes
from microtvm_boards.project.plan.draft import Draft


def sample_needs(draft: Draft) -> Iterator[MemoryNeed]:
    samples = draft.attachments.samples
    if samples is not None:
        row = buffer_bytes(draft.modules[:1], "inputs", draft.alignment)
        memory, size = draft.memory_name("flash"), samples.count * row
        yield MemoryNeed(memory, "baked samples", size, NeedKind.SAMPLES)


def app_needs(draft: Draft) -> Iterator[MemoryNeed]:
    """App minimal has a struct for each model; the harness has buffers that fit all."""
    ram = draft.memory_name("ram")
    apart = [[m] for m in draft.modules] if draft.options.app == "minimal" else [draft.modules]
    for kind in (NeedKind.INPUTS, NeedKind.OUTPUTS):
        size = sum(buffer_bytes(some, kind.value, draft.alignment) for some in apart)
        yield MemoryNeed(ram, kind.value, size, kind)
    yield MemoryNeed(ram, "receive ring", draft.ring_bytes, NeedKind.RING)


def descriptor_needs(draft: Draft) -> Iterator[MemoryNeed]:
    size = sum(descriptor_bytes(m)[0] for m in draft.modules)
    yield MemoryNeed(draft.memory_name("ram"), "descriptors of tensors", size, NeedKind.BASE)
