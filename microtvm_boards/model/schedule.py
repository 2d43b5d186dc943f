"""The operators of a model in the order of their calls, and the tensors between them."""

from __future__ import annotations

from dataclasses import dataclass

from microtvm_boards.model.tensor import DTYPE_BYTES


@dataclass(frozen=True)
class Constant:
    """A constant array of generated C."""

    dtype: str
    elements: int

    @property
    def size_bytes(self) -> int:
        return self.elements * DTYPE_BYTES[self.dtype]


@dataclass(frozen=True)
class Scratch:
    """Memory that an operator takes for itself while it runs."""

    size_bytes: int
    pool: tuple[str, int] | None  # the name of a pool, and the bytes from its start


@dataclass(frozen=True)
class Value:
    """A tensor between operators, from the call that writes it to the last that reads it.

    born: -1 for inputs of the model; last_use: the number of calls for its outputs.
    """

    name: str
    kind: str  # input, output or intermediate
    size_bytes: int | None  # None: not known
    dtype: str | None
    born: int
    last_use: int
    pool: tuple[str, int] | None = None  # the name of a pool, and the bytes from its start


@dataclass(frozen=True)
class OperatorCall:
    number: int  # from 0 in each model
    function: str
    packed: bool  # takes TVMValues
    arguments: int  # of the C function
    reads: tuple[int, ...]  # values
    writes: tuple[tuple[int, int], ...]  # (which argument of the C function, value)
    constants: tuple[Constant, ...]
    scratch: tuple[Scratch, ...]  # that it takes while it runs, as far as known
    # Its code is an object file: what it reads besides tensors, and its scratch, aren't known.
    in_object: bool = False

    @property
    def constants_bytes(self) -> int:
        return sum(c.size_bytes for c in self.constants)


@dataclass(frozen=True)
class Schedule:
    module: str
    calls: tuple[OperatorCall, ...]
    values: tuple[Value, ...]
    source: str  # the member of the MLF with the main function; "" for a graph

    def live_bytes(self, number: int) -> int | None:
        """Bytes that hold something while call `number` runs: intermediate tensors that are still
        needed, and its own scratch. What lies over another in a pool counts once; what has an
        unknown size doesn't count. None for an operator in an object file."""
        if self.calls[number].in_object:
            return None
        held = [
            (value.size_bytes or 0, value.pool)
            for value in self.values
            if value.kind == "intermediate" and value.born <= number <= value.last_use
        ]
        held += [(s.size_bytes, s.pool) for s in self.calls[number].scratch]
        total = sum(size for size, pool in held if pool is None)
        end: dict[str, int] = {}
        for size, pool in sorted(held, key=lambda h: h[1] or ("", 0)):
            if pool is not None:
                name, start = pool
                start = max(start, end.get(name, 0))
                stop = max(start, pool[1] + size)
                total += stop - start
                end[name] = stop
        return total
