"""The generated main function of an ahead-of-time model: which operators it calls, on what.

It is straight code (aot_executor_codegen.cc of TVM): buffers first, then one call after the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from microtvm_boards.mlf.c.operators import functions_of, is_packed, pool_name

_MAIN = re.compile(r"tvmgen_\w+?_(?:__tvm_main__|run_model)$")
_CALL = re.compile(r"\b(tvmgen_\w+)\s*\(")
_WORD = re.compile(r"[A-Za-z_]\w*")
_FROM_ARGS = re.compile(r"void\* (\w+) = \(\(\(TVMValue\*\)args\)\[(\d{1,4})\]\.v_handle\);")
_COPY = re.compile(r"void\* (\w+) = \(\(\(DLTensor\*\)(\w+)\)\[0\]\.data\);")
_LET = re.compile(r"void\* (\w+) = \(&\((?:\(\(\w+ ?\*\))?(\w+)\)?\[(\d{1,15})\]\)\);")
_ALLOC = re.compile(r"void\* (\w+) = TVMBackendAllocWorkspace\(\d+, \w+, \(uint64_t\)(\d{1,15})")
_ARRAY_DATA = re.compile(r"\(\(\(DLTensor\*\)\w+\)\[(\d{1,4})\]\.data\) = ([^;]+);")
_VALUE = re.compile(
    r"\(\(\(TVMValue\*\)\w+\)\[(\d{1,4})\]\.v_handle\) = \(\(\(DLTensor\*\)\w+\) \+ (\d{1,4})\);"
)


@dataclass(frozen=True)
class MainBuffer:
    """Memory that main passes to operators. Besides its name in the code one of the three is set.

    argument: which of main's own arguments it is; allocated_bytes: asked for with
    TVMBackendAllocWorkspace; pool: the name of a pool, and the bytes from its start.
    """

    name: str
    argument: int | None = None
    allocated_bytes: int | None = None
    pool: tuple[str, int] | None = None


@dataclass(frozen=True)
class MainCall:
    function: str
    buffers: tuple[MainBuffer | None, ...]  # in the order of the operator's arguments, pools too
    start: int  # of the function's name, and
    end: int  # the end of it, in the file's text
    packed: bool  # takes TVMValues


def read_main(text: str) -> tuple[MainCall, ...] | None:
    """The calls of the main function that one file defines, in order; None: it defines none.

    `text` has its comments: positions are those of the file.
    """
    for name, parameters, start, end in functions_of(text):
        if _MAIN.fullmatch(name):
            return tuple(_Main(parameters).read(text, start, _CALL.finditer(text, start, end)))
    return None


class _Main:
    def __init__(self, parameters: str) -> None:
        self.buffers: dict[str, MainBuffer] = {}
        self.data: dict[int, MainBuffer | None] = {}  # of the DLTensors on main's stack
        self.values: dict[int, MainBuffer | None] = {}  # arguments of the next packed call
        self.packed = is_packed(parameters)
        if not self.packed:
            for number, parameter in enumerate(p for p in parameters.split(",") if p.strip()):
                name = parameter.strip().rpartition("*")[2].strip()
                self.buffers[name] = MainBuffer(name, argument=number)

    def read(self, text: str, start: int, calls: Iterable[re.Match[str]]) -> Iterator[MainCall]:
        for call in calls:
            for line in text[start : call.start()].splitlines():
                self._statement(line)
            start = text.find(";", call.end())
            if self.packed:
                buffers = [self.values.get(k) for k in range(max(self.values, default=-1) + 1)]
            else:
                close = text.find(") != 0", call.end(), start)
                arguments = text[call.end() : close if close >= 0 else start]
                buffers = [self._buffer(a) for a in arguments.rstrip(")").split(",")]
            yield MainCall(call[1], tuple(buffers), call.start(1), call.end(1), self.packed)
            self.values.clear()

    def _statement(self, line: str) -> None:
        if match := _FROM_ARGS.search(line):
            self.buffers[match[1]] = MainBuffer(match[1], argument=int(match[2]))
        elif match := _COPY.search(line):
            if match[2] in self.buffers:
                self.buffers[match[1]] = self.buffers[match[2]]
        elif match := _LET.search(line):
            self.buffers[match[1]] = MainBuffer(match[1], pool=(pool_name(match[2]), int(match[3])))
        elif match := _ALLOC.search(line):
            self.buffers[match[1]] = MainBuffer(match[1], allocated_bytes=int(match[2]))
        elif match := _ARRAY_DATA.search(line):
            self.data[int(match[1])] = self._buffer(match[2])
        elif match := _VALUE.search(line):
            self.values[int(match[1])] = self.data.get(int(match[2]))

    def _buffer(self, expression: str) -> MainBuffer | None:
        """What the first known name of an argument stands for."""
        words = _WORD.findall(expression)
        return next((self.buffers[word] for word in words if word in self.buffers), None)
