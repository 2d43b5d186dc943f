"""Takes an answer's bytes apart, never more of them than there are."""

from __future__ import annotations

import struct

from microtvm_boards.rpc.seen import Seen, SessionError


class Reader:
    """Takes bytes from the front. Raises SessionError when there are too few."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise malformed(f"{count} bytes are due and {self.left} are left")
        start = self._at
        self._at += count
        return self._data[start : self._at]

    def unpack(self, layout: str) -> tuple[int, ...]:
        fields: tuple[int, ...] = struct.unpack(layout, self.take(struct.calcsize(layout)))
        return fields

    def end(self) -> None:
        if self.left:
            raise malformed(f"{self.left} bytes are left over")


def malformed(what: str) -> SessionError:
    """The error for an answer that is none; `what` is a clause."""
    return SessionError(
        f"The device's answer makes no sense: {what}.",
        Seen.WRONG_PROTOCOL,
        hint="check that the firmware on the board is this project's, then report it",
    )
