"""The schedule of a model whose main function was generated as C."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from microtvm_boards.errors import ModelError
from microtvm_boards.mlf.c.main import MainBuffer, MainCall
from microtvm_boards.mlf.c.operators import OperatorCode
from microtvm_boards.model import Module, Tensor
from microtvm_boards.model.schedule import Constant, OperatorCall, Schedule, Value


def main_schedule(
    module: Module,
    operators: Mapping[str, OperatorCode],
    constants: Mapping[str, Constant],
    *,
    source: str,
    calls: Iterable[MainCall],
) -> Schedule:
    """Of the `calls` of the main function in the member `source`; `operators` and `constants` are
    those that the module's C code defines.

    Raises ModelError for a call of what neither C code nor an object file can define.
    """
    builder = _Builder(module, operators, constants)
    for call in calls:
        builder.call(call)
    return builder.schedule(source)


class _Builder:
    def __init__(
        self,
        module: Module,
        operators: Mapping[str, OperatorCode],
        constants: Mapping[str, Constant],
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

    def _in_object(self, call: MainCall) -> OperatorCode:
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
        return OperatorCode(
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
