"""C names for what TVM lets users name freely."""

from __future__ import annotations

import re
from collections.abc import Iterable

# C99 6.4.1, and asm, which compilers reserve.
C_KEYWORDS = frozenset(
    (
        "auto break case char const continue default do double else enum extern float for goto if "
        "inline int long register restrict return short signed sizeof static struct switch "
        "typedef union unsigned void volatile while asm "
    ).split()
)

# What newer C and C++ add: the headers are included there too.
KEYWORDS = C_KEYWORDS | frozenset(
    (
        "_Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert "
        "_Thread_local and and_eq bitand bitor bool catch class compl const_cast delete "
        "dynamic_cast explicit export false friend mutable namespace new not not_eq operator or "
        "or_eq private protected public reinterpret_cast static_cast template this throw true try "
        "typeid typename using virtual wchar_t xor xor_eq nullptr constexpr decltype noexcept "
        "thread_local alignas alignof "
    ).split()
)


def identifier(name: str) -> str:
    """`name` as a C identifier: other characters become "_", keywords and digits get one."""
    text = re.sub(r"[^0-9A-Za-z_]", "_", name)
    if not text or text[0].isdigit():
        text = "_" + text
    return text + "_" if text in KEYWORDS else text


def unique_identifiers(names: Iterable[str]) -> tuple[str, ...]:
    """An identifier for each name, all different even without regard to case (macros)."""
    taken: set[str] = set()
    result = []
    for name in names:
        base = candidate = identifier(name)
        number = 2
        while candidate.upper() in taken:
            candidate = f"{base}_{number}"
            number += 1
        taken.add(candidate.upper())
        result.append(candidate)
    return tuple(result)


def tvm_field(name: str) -> str:
    """The field of TVM's own struct for tensor `name` (v0.16 relay/backend/name_transforms.cc)."""
    return re.sub(r"[^0-9A-Za-z_]", "_", name)
