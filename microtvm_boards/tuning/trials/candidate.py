"""What a tuner wants to know about: an operator, and one way to compile it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from microtvm_boards.model import Tensor


@dataclass(frozen=True)
class KernelSources:
    """The C code of one kernel.

    files: C text (or an object, `*.o`) by file name; with the function tables of a system library
        (TVMSystemLibEntryPoint), as an operator-style MLF has them.
    function: the name of the kernel in those tables.
    complete: False when parts were left out for tuning (TVM's debug_skip_region): good for the
        time, not for the outputs.
    """

    files: Mapping[str, bytes]
    function: str
    complete: bool = True


@dataclass(frozen=True)
class TunedOperator:
    """One operator of a model: what its kernels get and give.

    arguments: the tensors in the kernel's order, outputs last; each has a shape.
    outputs: how many of them are outputs.
    reference: the untuned kernel, whose outputs on the board are the right ones.
    rtol, atol: how far floats may be from them; integers have to be the same.
    """

    name: str
    arguments: tuple[Tensor, ...]
    outputs: int
    reference: KernelSources
    rtol: float = 1e-4
    atol: float = 1e-5


@dataclass(frozen=True)
class KernelCandidate:
    """One way to compile the operator named `operator`.

    config: tells it from all others of that operator; JSON, goes into the log.
    payload: what `Make` needs beside it; pickled, not logged.
    """

    operator: str
    config: Mapping[str, Any]
    payload: Any = field(default=None, compare=False)

    @property
    def key(self) -> str:
        return candidate_key(self.operator, self.config)


# make(candidate, complete) -> its kernel; `complete`: nothing may be left out. Called in a process
# of its own that imports it by name: a function of a module, or functools.partial of one.
Make: TypeAlias = Callable[[KernelCandidate, bool], KernelSources]


def candidate_key(operator: str, config: Mapping[str, Any] | None) -> str:
    """The same for the same operator and configuration, on any day; also for what a log gives back.

    Raises ValueError or TypeError when `config` is no JSON.
    """
    plain = json.loads(json.dumps(config, allow_nan=False))
    return json.dumps([operator, plain], sort_keys=True, separators=(",", ":"))
