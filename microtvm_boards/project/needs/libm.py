"""Which functions of math.h a model's code calls."""

from __future__ import annotations

import re
from collections.abc import Mapping

from microtvm_boards.model import Model

# C99 7.12 without what compilers always expand in place, and with the f of float.
_LIBM = (
    "acos acosh asin asinh atan atan2 atanh cbrt ceil cos cosh erf erfc exp exp2 expm1 fdim floor "
    "fma fmax fmin fmod frexp hypot ldexp lgamma log log10 log1p log2 logb lrint lround llrint "
    "llround modf nearbyint pow remainder rint round scalbn sin sinh sqrt tan tanh tgamma trunc"
).split()
# A call in C source, or a name in an object file's table of strings.
_CALL = re.compile(rb"\b(" + "|".join(f"{name}f?" for name in _LIBM).encode() + rb")(?=\s*\(|\0)")


def libm_calls(model: Model, extra: Mapping[str, bytes]) -> tuple[str, ...]:
    """Functions of math.h that the generated code, or that of extra_files_tar, calls; sorted."""
    sources = {s for module in model.modules for s in module.sources}
    contents = [model.files[s] for s in sources]
    contents += [data for name, data in extra.items() if name.endswith((".c", ".cc", ".cpp"))]
    found = {match.decode() for data in contents for match in _CALL.findall(data)}
    return tuple(sorted(found))
