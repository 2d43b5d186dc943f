"""Where symbols and calls of generated code lead in a firmware, when not where the code says.

A library that comes beside another one has some of its symbols renamed, all over its code. A call
of an operator can lead to another function: one that watches it, or another kernel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Renames: TypeAlias = Mapping[str, str]  # symbol in the model library -> its name in the firmware


@dataclass(frozen=True)
class Call:
    """A call in C code; the function's name is text[start:end]."""

    function: str
    start: int
    end: int


@dataclass(frozen=True)
class Redirects:
    """Of one model's symbols, and of the calls of its operators."""

    renames: Renames
    functions: tuple[str, ...]  # that are called, in order, under their names in the firmware
    targets: Mapping[int, str]  # number of a call -> the function to be called instead
    header: str  # declares the targets

    def apply(self, text: str, calls: Iterable[Call]) -> str:
        """The code that calls the operators, `text`, with its `calls` led to their targets.

        Raises ValueError when these aren't the calls of `functions`.
        """
        found = list(calls)
        names = tuple(self.renames.get(call.function, call.function) for call in found)
        if names != self.functions:
            raise ValueError("other calls were planned")
        pieces = [f'#include "{self.header}"\n']
        at = 0
        for number, call in enumerate(found):
            pieces += [text[at : call.start], self.targets.get(number, call.function)]
            at = call.end
        return "".join([*pieces, text[at:]])
