"""The harness of firmware that traces operators (project/write/trace.py)."""

from __future__ import annotations

from microtvm_boards.errors import DeviceError
from microtvm_boards.harness.client import Harness
from microtvm_boards.harness.lines import LineReader
from microtvm_boards.harness.protocol import CallValue, Done, Measured, Message, Written
from microtvm_boards.project.project import Project
from microtvm_boards.transports.base import Transport

_LINE_OVERHEAD = 512


class TracedHarness(Harness):
    """`run` records; `values` and `written` give what the last run recorded."""

    def __init__(
        self, project: Project, transport: Transport, *, longest: int, timeout: float
    ) -> None:
        """`longest`: bytes of the longest tensor that an operator writes."""
        super().__init__(project, transport, timeout=timeout)
        tensors = [t for m in project.models for t in m.inputs + m.outputs]
        self._longest_answer = max(longest, self._longest_answer)
        longest = max(longest, sum(t.size_bytes for t in tensors))
        self._lines = LineReader(transport, _LINE_OVERHEAD + 2 * longest)

    def begin(self, last: int) -> None:
        """See mtvm_trace_begin."""
        self._send(f"t{last}\n")
        self._expect_done("answer to a trace command")

    def values(self, count: int) -> list[int]:
        """Of the firmware's `count` calls. Raises DeviceError when it has another number."""
        values = [m.value for m in self._recorded() if isinstance(m, CallValue)]
        if len(values) != count:
            raise DeviceError(f"The firmware traced {len(values)} calls; {count} were expected.")
        return values

    def written(self) -> list[bytes]:
        return [m.data for m in self._recorded() if isinstance(m, Written)]

    def measure(self) -> Measured:
        self._send("m\n")
        reply = self._reply("what tracing takes")
        if not isinstance(reply, Measured):
            raise DeviceError(f"The firmware sent {reply!r} for what tracing takes.")
        return reply

    def _recorded(self) -> list[Message]:
        self._send("l\n")
        found: list[Message] = []
        while not isinstance(reply := self._reply("the end of what was traced"), Done):
            found.append(reply)
        return found
