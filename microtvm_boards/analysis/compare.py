"""Compares tensors: integers exactly, floats by how far they are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from microtvm_boards.model.arrays import Array

COSINE = 1 - 1e-6


@dataclass(frozen=True)
class Comparison:
    """How the tensor `name` differs from what was wanted.

    `ulps`, floats only: the largest difference, in units in the last place of the largest number
    that was wanted; so a small number may be off by more of its own. inf where one side alone is
    infinite or no number. `cosine`, floats only: of the angle between both, 1 when equal.
    """

    name: str
    agrees: bool
    elements: int
    differing: int
    first: int | None  # index of the first that differs, row-major
    largest: float  # absolute difference
    ulps: float | None = None
    cosine: float | None = None


def compare(name: str, found: Array, wanted: Array, *, ulps: float) -> Comparison:
    """Both have one dtype and number of elements. Floats agree up to `ulps` and COSINE."""
    import numpy as np

    a, b = np.asarray(found).reshape(-1), np.asarray(wanted).reshape(-1)
    if a.dtype.kind != "f":
        different = np.flatnonzero(a != b)
        gap = np.abs(a.astype(object) - b.astype(object)) if different.size else np.zeros(1)
        return Comparison(
            name,
            agrees=different.size == 0,
            elements=a.size,
            differing=different.size,
            first=int(different[0]) if different.size else None,
            largest=float(max(gap)),
        )
    different = np.flatnonzero(~((a == b) | (np.isnan(a) & np.isnan(b))))
    finite = np.isfinite(a) & np.isfinite(b)
    apart = float("inf") if not finite[different].all() else _ulps(a[finite], b[finite])
    angle = _cosine(a[finite], b[finite])
    gap = np.abs(a[different].astype(np.float64) - b[different].astype(np.float64))
    return Comparison(
        name,
        agrees=apart <= ulps and angle >= COSINE,
        elements=a.size,
        differing=different.size,
        first=int(different[0]) if different.size else None,
        largest=float(np.nan_to_num(gap, nan=np.inf).max()) if different.size else 0.0,
        ulps=apart,
        cosine=angle,
    )


def _ulps(a: npt.NDArray[np.floating[Any]], b: npt.NDArray[np.floating[Any]]) -> float:
    import numpy as np

    if a.size == 0 or (a == b).all():
        return 0.0
    unit = np.spacing(max(np.abs(b).max(), np.finfo(b.dtype).tiny))
    return float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max() / np.float64(unit))


def _cosine(a: npt.NDArray[np.floating[Any]], b: npt.NDArray[np.floating[Any]]) -> float:
    import numpy as np

    x, y = a.astype(np.float64), b.astype(np.float64)
    lengths = float(np.linalg.norm(x) * np.linalg.norm(y))
    if lengths == 0.0:
        return 1.0 if not x.any() and not y.any() else 0.0
    return min(1.0, float(x @ y) / lengths)
