"""The operators of a model in the order of their calls, and the tensors between them.

From the generated main function (AOT) or the graph; the same for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from microtvm_boards.errors import ModelError, OperatorsUnseenError
from microtvm_boards.mlf.c.main import MainBuffer, MainCall, read_main
from microtvm_boards.mlf.c.operators import (
    Constant,
    Operator,
    Scratch,
    constants_of,
    functions_of,
    read_operator,
)
from microtvm_boards.mlf.c.text import decode
from microtvm_boards.model import DTYPE_BYTES, Module, Tensor
from microtvm_boards.project.plan.graph import NOP, entry_bytes


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


def schedule_of(module: Module, files: Mapping[str, bytes]) -> Schedule:
    """The schedule of `module`; `files`: the members of its MLF.

    Operators may be C or object files, whose size of what they write is often not known. Raises
    OperatorsUnseenError when what calls them is no C.
    """
    texts = {s: decode(files[s]) for s in module.sources if not s.endswith(".o")}
    constants: dict[str, Constant] = {}
    for text in texts.values():
        constants.update(constants_of(text))
    operators = {
        name: read_operator(name, parameters, text[start:end], constants)
        for text in texts.values()
        for name, parameters, start, end in functions_of(text)
    }
    if module.graph is not None:
        return _of_graph(module, operators, constants)
    for source, text in texts.items():
        calls = read_main(text)
        if calls:
            builder = _Builder(module, operators, constants)
            for call in calls:
                builder.call(call)
            return builder.schedule(source)
    raise OperatorsUnseenError(
        f'Module "{module.name}" has no C code that calls its operators one by one: the calls are '
        "in an object file, too.",
        hint="compile it for the target c; for llvm with a C entry: Target('llvm ...', host='c')",
    )


class _Builder:
    def __init__(
        self, module: Module, operators: Mapping[str, Operator], constants: Mapping[str, Constant]
    ) -> None:
        self.module = module
        self.operators = operators
        self.constants = constants
        self.tensors = module.inputs + module.outputs
        self.calls: list[OperatorCall] = []
        self.values: list[Value] = []
        self.current: dict[str, int] = {}  # what a buffer holds now: its name -> a value

    def call(self, call: MainCall) -> None:
        function, buffers = call.function, call.buffers
        operator = self.operators.get(function)
        in_object = operator is None
        if operator is None:
            operator = self._in_object(call)
        number = len(self.calls)
        reads, writes = [], []
        # Reads first: an output may lie where an input was.
        for place in operator.tensors:
            buffer = buffers[place] if place < len(buffers) else None
            if buffer is not None and place not in operator.writes:
                reads.append(self._read(buffer, number, operator.dtypes.get(place)))
        for place, size in operator.writes.items():
            buffer = buffers[place] if place < len(buffers) else None
            if buffer is not None:
                dtype = operator.dtypes.get(place)
                writes.append((place, self._write(buffer, number, size, dtype)))
        self.calls.append(
            OperatorCall(
                number=number,
                function=function,
                packed=operator.packed,
                arguments=operator.arguments,
                reads=tuple(reads),
                writes=tuple(writes),
                constants=tuple(self.constants[c] for c in operator.constants),
                scratch=operator.scratch,
                in_object=in_object,
            )
        )

    def _in_object(self, call: MainCall) -> Operator:
        """An operator of which nothing but its call is known. TVM passes tensors first, what it
        writes last among them, then pools."""
        if not any(source.endswith(".o") for source in self.module.sources):
            raise ModelError(
                f'Module "{self.module.name}" calls {call.function}, which its code doesn\'t '
                "define.",
                hint="export the model again",
            )
        tensors = tuple(
            place
            for place, buffer in enumerate(call.buffers)
            if buffer is not None
            and (buffer.argument is None or buffer.argument < len(self.tensors))
        )
        return Operator(
            name=call.function,
            packed=call.packed,
            arguments=len(call.buffers),
            tensors=tensors,
            writes={tensors[-1]: None} if tensors else {},
            dtypes={},
            constants=(),
            scratch=(),
        )

    def _tensor(self, buffer: MainBuffer) -> Tensor | None:
        known = buffer.argument is not None and buffer.argument < len(self.tensors)
        return self.tensors[buffer.argument or 0] if known else None

    def _read(self, buffer: MainBuffer, number: int, dtype: str | None) -> int:
        tensor = self._tensor(buffer)
        key = buffer.name if tensor is None else f"argument {buffer.argument}"
        if key not in self.current:
            size = buffer.allocated_bytes if tensor is None else tensor.size_bytes
            self.current[key] = len(self.values)
            kind = "input" if tensor is not None else "intermediate"
            name = buffer.name if tensor is None else tensor.name
            self.values.append(Value(name, kind, size, dtype, -1, number))
        value = self.current[key]
        self.values[value] = replace(
            self.values[value], last_use=max(number, self.values[value].last_use)
        )
        return value

    def _write(self, buffer: MainBuffer, number: int, size: int | None, dtype: str | None) -> int:
        tensor = self._tensor(buffer)
        key = buffer.name if tensor is None else f"argument {buffer.argument}"
        self.current[key] = len(self.values)
        if tensor is not None:
            value = Value(tensor.name, "output", tensor.size_bytes, tensor.dtype, number, number)
        else:
            # Where it isn't known, not the whole buffer: its end may hold what was there before.
            if buffer.allocated_bytes is not None and size is not None:
                size = min(size, buffer.allocated_bytes)
            value = Value(buffer.name, "intermediate", size, dtype, number, number, buffer.pool)
        self.values.append(value)
        return self.current[key]

    def schedule(self, source: str) -> Schedule:
        end = len(self.calls)
        values = tuple(replace(v, last_use=end) if v.kind == "output" else v for v in self.values)
        return Schedule(self.module.name, tuple(self.calls), values, source)


def _of_graph(
    module: Module, operators: Mapping[str, Operator], constants: Mapping[str, Constant]
) -> Schedule:
    graph = module.graph
    if graph is None:
        raise ModelError(f'Module "{module.name}" has no graph.')
    calls: list[OperatorCall] = []
    values: dict[int, Value] = {}  # by entry
    alias: dict[int, int] = {}
    inputs = {tensor.name for tensor in module.inputs}
    params = {p.name: Constant(p.dtype, len(p.data) // DTYPE_BYTES[p.dtype]) for p in module.params}
    param_of: dict[int, Constant] = {}
    for node in graph.nodes:
        number = len(calls)
        if node.op == "null":
            entry = node.outputs[0]
            if node.name in params:
                param_of[entry] = params[node.name]
            elif node.name in inputs:
                e = graph.entries[entry]
                values[entry] = Value(node.name, "input", entry_bytes(e), e.dtype, -1, -1)
            continue
        if node.function == NOP:
            alias[node.outputs[0]] = alias.get(node.inputs[0], node.inputs[0])
            continue
        roots = [alias.get(entry, entry) for entry in node.inputs]
        for entry in roots:
            if entry in values:
                values[entry] = replace(values[entry], last_use=number)
        for entry in node.outputs:
            e = graph.entries[entry]
            name = f"{node.name}.{e.index}" if len(node.outputs) > 1 else node.name
            values[entry] = Value(name, "intermediate", entry_bytes(e), e.dtype, number, number)
        operator = operators.get(node.function)
        linked = tuple(constants[c] for c in operator.constants) if operator else ()
        calls.append(
            OperatorCall(
                number=number,
                function=node.function,
                packed=True,
                arguments=len(node.inputs) + len(node.outputs),
                reads=tuple(entry for entry in roots if entry in values),
                writes=tuple((len(node.inputs) + i, entry) for i, entry in enumerate(node.outputs)),
                constants=linked + tuple(param_of[e] for e in roots if e in param_of),
                scratch=operator.scratch if operator else (),
                in_object=operator is None,
            )
        )
    for position, entry in enumerate(graph.outputs):
        root = alias.get(entry, entry)
        if root in values:
            name = module.outputs[position].name
            values[root] = replace(values[root], name=name, kind="output", last_use=len(calls))
    return _renumbered(module.name, calls, values)


def _renumbered(name: str, calls: list[OperatorCall], values: dict[int, Value]) -> Schedule:
    """Values numbered from 0 instead of by entry."""
    place = {entry: number for number, entry in enumerate(values)}
    return Schedule(
        name,
        tuple(
            replace(
                call,
                reads=tuple(place[e] for e in call.reads),
                writes=tuple((argument, place[e]) for argument, e in call.writes),
            )
            for call in calls
        ),
        tuple(values.values()),
        "",
    )
