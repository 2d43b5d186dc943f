"""The inputs of a model, and arrays to try it with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

# Wider integers count or index things: all of their range would only overflow.
_WIDE_LOW, _WIDE_HIGH = -128, 127
_SEED = 1
T = TypeVar("T")


@dataclass(frozen=True)
class ModelInput:
    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Sample:
    """One set of inputs and what it is called in messages."""

    label: str
    arrays: dict[str, npt.NDArray[Any]]


def by_name(names: Sequence[str], things: Mapping[str, T]) -> dict[str, T]:
    """As many `things` under the names that firmware has for them: by name, spelling aside, else
    in order."""
    spelled = {re.sub(r"\W", "_", name): thing for name, thing in things.items()}
    keys = [re.sub(r"\W", "_", name) for name in names]
    if set(keys) != set(spelled):
        return dict(zip(names, things.values(), strict=True))
    return {name: spelled[key] for name, key in zip(names, keys, strict=True)}


def edge_samples(inputs: Iterable[ModelInput]) -> list[Sample]:
    """Two random sets of inputs (the same ones every time), all minimum, all maximum, zeros.

    Integers of 8 and 16 bits take the whole range of their type, wider ones -128 to 127, floats
    -1 to 1.
    """
    import numpy as np

    rng = np.random.default_rng(_SEED)
    inputs = list(inputs)

    def fill(make: Any) -> dict[str, npt.NDArray[Any]]:
        return {i.name: np.asarray(make(i), i.dtype).reshape(i.shape) for i in inputs}

    def random(i: ModelInput) -> npt.NDArray[Any]:
        low, high = _range(np.dtype(i.dtype))
        if np.dtype(i.dtype).kind == "f":
            return rng.uniform(low, high, i.shape)
        return rng.integers(int(low), int(high), i.shape, endpoint=True)

    return [
        Sample("random input 1", fill(random)),
        Sample("random input 2", fill(random)),
        Sample("all minimum", fill(lambda i: np.full(i.shape, _range(np.dtype(i.dtype))[0]))),
        Sample("all maximum", fill(lambda i: np.full(i.shape, _range(np.dtype(i.dtype))[1]))),
        Sample("zeros", fill(lambda i: np.zeros(i.shape))),
    ]


def _range(dtype: np.dtype[Any]) -> tuple[float, float]:
    import numpy as np

    if dtype.kind == "f":
        return -1.0, 1.0
    if dtype.kind == "b":
        return 0, 1
    info = np.iinfo(dtype)
    if info.bits <= 16:
        return info.min, info.max
    return max(int(info.min), _WIDE_LOW), _WIDE_HIGH
