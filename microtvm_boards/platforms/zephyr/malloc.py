"""What generated code asks malloc() for, which Zephyr's minimal C library has to be given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import prod

from microtvm_boards.model import Model

# Code generators for accelerators may call malloc(), with sizes like 4 * 100.
_MALLOC = re.compile(rb"\b(?:malloc|calloc|realloc)(?:\s*\(([^;]*)\)\s*;|\0)")
_PRODUCT = re.compile(rb"\s*\d+\s*(?:[*,]\s*\d+\s*)*")
_UNKNOWN_SIZE = 4096  # bytes, of one that the code computes
_HEAP_OVERHEAD = (16, 256)  # bytes a block and once, of Zephyr's sys_heap with some to spare
_HEAP_STEP = 64


def malloc_bytes(models: Iterable[Model], extra: Mapping[str, bytes]) -> int:
    """What malloc() must be able to give: all calls in the code together; 0 when there is none.

    Zephyr's minimal library has an empty heap by default: malloc() would return NULL, which
    generated code doesn't look at.
    """
    contents = [data for name, data in extra.items() if name.endswith((".c", ".cc", ".cpp"))]
    for model in models:
        contents += [model.files[s] for s in {s for m in model.modules for s in m.sources}]
    blocks = [_block_bytes(call) for data in contents for call in _MALLOC.findall(data)]
    if not blocks:
        return 0
    each, once = _HEAP_OVERHEAD
    size = sum(blocks) + each * len(blocks) + once
    return size + -size % _HEAP_STEP


def _block_bytes(size: bytes) -> int:
    if _PRODUCT.fullmatch(size) is None:
        return _UNKNOWN_SIZE
    return prod(int(number) for number in re.findall(rb"\d+", size))
