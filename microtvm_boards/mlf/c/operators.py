"""Operator functions of generated C: their tensors, and what they write, read and take as scratch.

Written by codegen_c.cc and codegen_c_host.cc of TVM (0.8 to 0.18), with either calling convention.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from microtvm_boards.mlf.c.ranges import Range, range_of
from microtvm_boards.model import DTYPE_BYTES
from microtvm_boards.model.schedule import Constant, Scratch

_FUNCTION = re.compile(r"^TVM_DLL int32_t (\w+)\(([^(){};]*)\) \{", re.MULTILINE)
_ARRAY = r"(?:\(\(\w+ ?\*\))?(\w+)\)?"
_FROM_ARGS = re.compile(r"void\* (\w+) = \(\(\(TVMValue\*\)args\)\[(\d{1,4})\]\.v_handle\);")
_DATA = re.compile(r"void\* (\w+) = \(\(\(DLTensor\*\)(\w+)\)\[0\]\.data\);")
_LET = re.compile(rf"void\* (\w+) = \(&\({_ARRAY}\[(\d{{1,15}})\]\)\);")
_ALLOC = re.compile(
    r"void\* (\w+) = TVMBackendAllocWorkspace\(\d+, \w+, \(uint64_t\)(\d{1,15}), (\d+), (\d+)\)"
)
_FOR = re.compile(r"for \(int(?:32|64)_t (\w+) = ([^;]+); \1 < ([^;]+); \+\+\1\)")
_VARIABLE = re.compile(r"int(?:32|64)_t (\w+) = ([^;]+);")
_STORE = re.compile(
    r"(?<![\w.])(?:\(\((\w+) ?\*\)(\w+)\)|(\w+))\[((?:[^\[\];]|\[[^\[\];]*\])*)\] \+?= "
)
_ADDRESS = re.compile(r"\(&\((?:\(\((\w+) ?\*\)(\w+)\)|(\w+))\[([^\[\];]*)\]\)\)")
_CONSTANT = re.compile(
    r"(?:^  |^static const )(\w+) (?:__attribute__\(\([^\n]{0,80}?\)\) )?(\w+)\[(\d{1,15})\]"
    r"(?: __attribute__\(\([^\n]{0,80}\)\);| = \{)",
    re.MULTILINE,
)
_MOST_LINE = 10_000  # characters; what a longer line writes isn't known
_POOL = re.compile(r"\w+_\d+_var$")


@dataclass(frozen=True)
class OperatorCode:
    """One generated function besides the entry. Pools are not among its arguments here."""

    packed: bool  # takes TVMValues
    arguments: int  # parameters of the C function, pools too
    tensors: tuple[int, ...]  # which of its arguments are tensors, in their order
    writes: Mapping[int, int | None]  # of the arguments: bytes, None where that isn't known
    dtypes: Mapping[int, str]  # of the arguments, where known
    constants: tuple[str, ...]  # names
    scratch: tuple[Scratch, ...]  # what it takes for itself, as far as known


def constants_of(text: str) -> dict[str, Constant]:
    """The constant arrays of one file, by name."""
    return {
        m[2]: Constant(_dtype(m[1]), int(m[3]))
        for m in _CONSTANT.finditer(text)
        if _dtype(m[1]) in DTYPE_BYTES
    }


def functions_of(text: str) -> Iterator[tuple[str, str, int, int]]:
    """(name, parameters, start and end of the body) of each function that one file defines."""
    for head in _FUNCTION.finditer(text):
        end = text.find("\n}", head.end())
        yield head[1], head[2], head.end(), end if end >= 0 else len(text)


def read_operator(parameters: str, body: str, constants: Mapping[str, Constant]) -> OperatorCode:
    return _Reader(parameters, constants).read(body)


def pool_name(pointer: str) -> str:
    """Without what TVM appends: global_workspace_1_var_1 is global_workspace."""
    return re.sub(r"_\d+_var(?:_\d+)?$", "", pointer)


def is_packed(parameters: str) -> bool:
    return re.match(r"\s*(?:TVMValue|void)\s*\*\s*args\s*,", parameters) is not None


def _dtype(c_type: str) -> str:
    return {"float": "float32", "double": "float64", "half": "float16"}.get(
        c_type, c_type.removesuffix("_t")
    )


class _Reader:
    def __init__(self, parameters: str, constants: Mapping[str, Constant]) -> None:
        self.packed = is_packed(parameters)
        self.constants = constants
        self.argument_of: dict[str, int] = {}  # a pointer's name -> which argument it is
        self.types: dict[int, str] = {}
        self.pools: set[int] = set()
        self.scratch: dict[str, int] = {}  # bytes that are reached
        self.place: dict[str, tuple[str, int]] = {}  # of scratch in a pool
        self.variables: dict[str, Range] = {}
        self.writes: dict[int, int | None] = {}
        self.used: dict[str, None] = {}
        self.count = 0
        if not self.packed:
            for number, parameter in enumerate(p for p in parameters.split(",") if p.strip()):
                c_type, _, pointer = parameter.strip().rpartition("*")
                self._argument(number, pointer.strip(), c_type.strip())

    def _argument(self, number: int, name: str, c_type: str = "void") -> None:
        self.argument_of[name] = number
        self.count = max(self.count, number + 1)
        if _POOL.fullmatch(name):
            self.pools.add(number)
        elif _dtype(c_type) in DTYPE_BYTES:
            self.types[number] = _dtype(c_type)

    def read(self, body: str) -> OperatorCode:
        for line in body.splitlines():
            self._line(line)
        for word in dict.fromkeys(re.findall(r"\w+", body)):
            if word in self.constants:
                self.used[word] = None
        tensors = tuple(n for n in range(self.count) if n not in self.pools)
        if not self.writes and tensors:
            self.writes[tensors[-1]] = None  # by a library: outputs come last
        return OperatorCode(
            packed=self.packed,
            arguments=self.count,
            tensors=tensors,
            writes=self.writes,
            dtypes=self.types,
            constants=tuple(self.used),
            scratch=tuple(
                Scratch(size, self.place.get(name)) for name, size in self.scratch.items() if size
            ),
        )

    def _line(self, line: str) -> None:
        if match := _FROM_ARGS.search(line):
            self._argument(int(match[2]), match[1])
        elif match := _DATA.search(line):
            if match[2] in self.argument_of:
                self.argument_of[match[1]] = self.argument_of[match[2]]
        elif match := _LET.search(line):
            if match[1] not in self.constants:
                self.scratch[match[1]] = 0
                self.place[match[1]] = (pool_name(match[2]), int(match[3]))
        elif match := _ALLOC.search(line):
            self.scratch[match[1]] = int(match[2])
        elif match := _FOR.search(line):
            first, last = range_of(match[2], self.variables), range_of(match[3], self.variables)
            if first is not None and last is not None:
                self.variables[match[1]] = Range(first.low, max(first.low, last.high - 1))
        elif match := _VARIABLE.search(line):
            value = range_of(match[2], self.variables)
            if value is not None:
                self.variables[match[1]] = value
        if "[" in line and len(line) <= _MOST_LINE:
            self._accesses(line)

    def _accesses(self, line: str) -> None:
        for match in _STORE.finditer(line):
            self._store(match[2] or match[3], match[1], match[4])
        for match in _ADDRESS.finditer(line):
            name = match[2] or match[3]
            if name in self.scratch:
                self._reach(name, match[1], match[4])

    def _store(self, name: str, c_type: str | None, index: str) -> None:
        if name in self.scratch:
            self._reach(name, c_type, index)
            return
        number = self.argument_of.get(name)
        if number is None or number in self.pools:
            return
        if c_type is not None:
            self.types.setdefault(number, _dtype(c_type))
        size = self._bytes(self.types.get(number, ""), index)
        known = self.writes.get(number, 0)
        self.writes[number] = None if size is None or known is None else max(known, size)

    def _reach(self, name: str, c_type: str | None, index: str) -> None:
        size = self._bytes(_dtype(c_type or "uint8_t"), index)
        if size is not None:
            self.scratch[name] = max(self.scratch[name], size)

    def _bytes(self, dtype: str, index: str) -> int | None:
        """How many bytes reach to the end of the largest element of `index`."""
        found = range_of(index, self.variables)
        if found is None or dtype not in DTYPE_BYTES:
            return None
        return (found.high + 1) * DTYPE_BYTES[dtype]
