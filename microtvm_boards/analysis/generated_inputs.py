"""Inputs that a model gets when nobody brings any: random ones, and those at the edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from microtvm_boards.model import Tensor
from microtvm_boards.model.arrays import array_shape

if TYPE_CHECKING:
    import numpy as np

    from microtvm_boards.model.arrays import Array

# Of floats, and of integers of 32 and 64 bits: C leaves undefined what their sums give when they
# overflow, so two compilers may differ on larger ones.
FLOAT_LIMIT = 1.0
WIDE_LIMIT = (1 << 15) - 1


@dataclass(frozen=True)
class Sample:
    name: str  # "random 0", "all minimum"
    inputs: Mapping[str, Array]


def random_sample(tensors: Sequence[Tensor], seed: int) -> Sample:
    """The same for the same tensors and seed; every value of the dtype can come (see limits)."""
    import numpy as np

    rng = np.random.default_rng(seed)
    return Sample(f"random {seed}", {t.name: _random(t, rng) for t in tensors})


def edge_samples(tensors: Sequence[Tensor]) -> list[Sample]:
    """All minimum, all maximum, zeros; without zeros where those are the minimum of all inputs."""

    def filled(name: str, value: Callable[[tuple[Any, Any]], Any]) -> Sample:
        import numpy as np

        return Sample(
            name,
            {t.name: np.full(array_shape(t), value(limits(t.dtype)), t.dtype) for t in tensors},
        )

    samples = [filled("all minimum", lambda r: r[0]), filled("all maximum", lambda r: r[1])]
    if any(limits(t.dtype)[0] != 0 for t in tensors):
        samples.append(filled("zeros", lambda _: 0))
    return samples


def limits(dtype: str) -> tuple[Any, Any]:
    import numpy as np

    kind = np.dtype(dtype)
    if kind.kind == "b":
        return False, True
    if kind.kind == "f":
        return -FLOAT_LIMIT, FLOAT_LIMIT
    info = np.iinfo(kind)
    if kind.itemsize < 4:
        return int(info.min), int(info.max)
    return max(int(info.min), -WIDE_LIMIT - 1), WIDE_LIMIT


def _random(tensor: Tensor, rng: np.random.Generator) -> Array:
    low, high = limits(tensor.dtype)
    shape = array_shape(tensor)
    if tensor.dtype.startswith("float"):
        return rng.uniform(low, high, shape).astype(tensor.dtype)
    return rng.integers(int(low), int(high), shape, endpoint=True).astype(tensor.dtype)
