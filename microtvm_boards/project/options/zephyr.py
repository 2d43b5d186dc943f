"""What a model needs of Zephyr's C library."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from math import prod

from microtvm_boards.model import Model

# C99 7.12 without what compilers always expand in place, and with the f of float.
_LIBM = (
    "acos acosh asin asinh atan atan2 atanh cbrt ceil cos cosh erf erfc exp exp2 expm1 fdim floor "
    "fma fmax fmin fmod frexp hypot ldexp lgamma log log10 log1p log2 logb lrint lround llrint "
    "llround modf nearbyint pow remainder rint round scalbn sin sinh sqrt tan tanh tgamma trunc"
).split()
# A call in C source, or a name in an object file's table of strings.
_CALL = re.compile(rb"\b(" + "|".join(f"{name}f?" for name in _LIBM).encode() + rb")(?=\s*\(|\0)")

# Code generators for accelerators may call malloc(), with sizes like 4 * 100.
_MALLOC = re.compile(rb"\b(?:malloc|calloc|realloc)(?:\s*\(([^;]*)\)\s*;|\0)")
_PRODUCT = re.compile(rb"\s*\d+\s*(?:[*,]\s*\d+\s*)*")
_UNKNOWN_SIZE = 4096  # bytes, of one that the code computes
_HEAP_OVERHEAD = (16, 256)  # bytes a block and once, of Zephyr's sys_heap with some to spare
_HEAP_STEP = 64


def libm_calls(model: Model, extra: Mapping[str, bytes]) -> tuple[str, ...]:
    """Functions of math.h that the generated code, or that of extra_files_tar, calls; sorted."""
    sources = {s for module in model.modules for s in module.sources}
    contents = [model.files[s] for s in sources]
    contents += [data for name, data in extra.items() if name.endswith((".c", ".cc", ".cpp"))]
    found = {match.decode() for data in contents for match in _CALL.findall(data)}
    return tuple(sorted(found))


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
