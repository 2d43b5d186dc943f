"""What the size of generated C's machine code depends on, counted in its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

FEATURES = (
    "functions",
    "parameters",
    "loops",
    "conditions",
    "accesses",
    "sums",
    "products",
    "quotients",
    "wide",  # int64_t
    "floats",
    "calls",
    "statements",
    "bits",  # shifts, and, or
    "literals",  # of four digits and more
)
_FUNCTION = re.compile(
    r"^(?:TVM_DLL )?(?:static )?int32_t (\w+)\(([^{};]*)\) ?\{\n(.*?)^\}", re.MULTILINE | re.DOTALL
)
_COUNTED = (
    re.compile(r"\bfor \("),
    re.compile(r"\?|\bif \("),
    re.compile(r"\["),
    re.compile(r" [+-] "),
    re.compile(r" \* "),
    re.compile(r" [/%] "),
    re.compile(r"int64_t"),
    re.compile(r"\bfloat\b"),
    re.compile(r"\b(?!for\b|if\b|u?int\d|float\b|void\b)[A-Za-z]\w*\("),
    re.compile(r";"),
    re.compile(r"<<|>>|&|\|"),
    re.compile(r"\b\d{4,}\b"),
)


@dataclass(frozen=True)
class FunctionFeatures:
    """One function of generated C; `counts` in the order of FEATURES."""

    name: str
    counts: tuple[int, ...]


def function_features(text: str) -> Iterator[FunctionFeatures]:
    """Every function that returns a status, as all of TVM's do."""
    for match in _FUNCTION.finditer(text):
        body = match[3]
        counts = tuple(len(pattern.findall(body)) for pattern in _COUNTED)
        yield FunctionFeatures(match[1], (1, match[2].count(",") + 1, *counts))
