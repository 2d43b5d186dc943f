"""A model's schedule: of its graph, or of the main function that was generated ahead of time; the
same for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from microtvm_boards.errors import ModelError, OperatorsUnseenError
from microtvm_boards.mlf.c.main import read_main
from microtvm_boards.mlf.c.operators import (
    OperatorCode,
    constants_of,
    functions_of,
    read_operator,
)
from microtvm_boards.mlf.c.schedule import main_schedule
from microtvm_boards.mlf.c.text import decode
from microtvm_boards.model import DTYPE_BYTES, Module
from microtvm_boards.model.graph import NOP
from microtvm_boards.model.schedule import Constant, OperatorCall, Schedule, Value


def schedule_of(module: Module, files: Mapping[str, bytes]) -> Schedule:
    """The schedule of `module`; `files`: the members of its MLF.

    Operators may be C or object files, whose size of what they write is often not known. Raises
    OperatorsUnseenError when what calls them is no C, or when there are none.
    """
    texts = {s: decode(files[s]) for s in module.sources if not s.endswith(".o")}
    constants: dict[str, Constant] = {}
    for text in texts.values():
        constants.update(constants_of(text))
    operators = {
        name: read_operator(parameters, text[start:end], constants)
        for text in texts.values()
        for name, parameters, start, end in functions_of(text)
    }
    if module.graph is not None:
        return _of_graph(module, operators, constants)
    for source, text in texts.items():
        calls = read_main(text)
        if calls:
            return main_schedule(module, operators, constants, source=source, calls=calls)
    raise OperatorsUnseenError(
        f'Module "{module.name}" has no C code that calls its operators one by one: the calls are '
        "in an object file, too.",
        hint="compile it for the target c; for llvm with a C entry: Target('llvm ...', host='c')",
    )


def _of_graph(
    module: Module, operators: Mapping[str, OperatorCode], constants: Mapping[str, Constant]
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
                values[entry] = Value(node.name, "input", e.size_bytes, e.dtype, -1, -1)
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
            values[entry] = Value(name, "intermediate", e.size_bytes, e.dtype, number, number)
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
    if not calls:
        raise OperatorsUnseenError(f'Module "{module.name}" calls no operators: it only reshapes.')
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
