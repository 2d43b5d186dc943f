"""What code size and stack frames of generated C depend on, counted in its text."""

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
    "names",
    "far_names",  # where the frame is large: unoptimized code of Armv6-M takes more to get there
    "numbers",  # of two digits and more
    "long",  # 64-bit arithmetic
    "far_long",
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
_NAME = re.compile(r"\b(?!u?int\d|void\b|for\b|if\b|return\b|float\b)[A-Za-z_]\w*\b")
_NUMBER = re.compile(r"\b\d{2,}\b")
_LONG = re.compile(r"^(?=.*int64_t)(?=.* (?:\*|<<|>>) ).*$", re.MULTILINE)
# Bytes of a frame that one instruction of Armv6-M reaches from its start (LDR, immediate: 5 bits of
# words), saved registers among them; beyond, a share of the variables is far.
_REACH, _SAVED, _ALL_FAR = 124, 40, 100


_DECLARED = re.compile(
    r"(?:^|[({;])\s*(?!return\b)(\w+\*?) \w+(?:\[(\d+)\])?\s*(?:=|;)", re.MULTILINE
)
# Of 32-bit processors; TVM's structs: dlpack.h, c_runtime_api.h.
_TYPE_BYTES = {
    **dict.fromkeys(("int8_t", "uint8_t", "bool"), 1),
    **dict.fromkeys(("int16_t", "uint16_t"), 2),
    **dict.fromkeys(("int64_t", "uint64_t", "double", "TVMValue"), 8),
    "DLTensor": 40,
}
_POINTER_BYTES = 4


@dataclass(frozen=True)
class FunctionFeatures:
    """One function of generated C; `counts` in the order of FEATURES. array_bytes and scalar_bytes:
    of its local variables; the arrays start at multiples of 8."""

    name: str
    counts: tuple[float, ...]
    array_bytes: int
    scalar_bytes: int


def function_features(text: str) -> Iterator[FunctionFeatures]:
    """Every function that returns a status, as all of TVM's do."""
    for match in _FUNCTION.finditer(text):
        body = match[3]
        counted = (len(pattern.findall(body)) for pattern in _COUNTED)
        arrays, scalars = _local_bytes(body)
        far = min(1.0, max(0.0, (arrays + scalars + _SAVED - _REACH) / _ALL_FAR))
        names, numbers = len(_NAME.findall(body)), len(_NUMBER.findall(body))
        long = sum(line.count("int64_t") for line in _LONG.findall(body))
        counts = (1, match[2].count(",") + 1, *counted, names, names * far, numbers)
        yield FunctionFeatures(match[1], (*counts, long, long * far), arrays, scalars)


def _local_bytes(body: str) -> tuple[int, int]:
    arrays, scalars = 0, 0
    for kind, count in _DECLARED.findall(body):
        size = _TYPE_BYTES.get(kind, _POINTER_BYTES)
        if count or size > 8:
            arrays += -(-size * int(count or 1) // 8) * 8
        else:
            scalars += max(size, _POINTER_BYTES)
    return arrays, scalars
