"""How long TVM's session waits for the firmware; meanings: TVM v0.16, project_api/server.py."""

from __future__ import annotations

from microtvm_boards.project.manifest import Project

_RETRY_SECONDS = 2.0  # a firmware that was not up yet gets the start message again
_START_SECONDS = 30.0  # an answer ends the wait, so only a dead board costs them
# One inference: 600 million multiply-accumulates at ten cycles each and 100 MHz.
_REPLY_SECONDS = 60.0
_BITS_PER_BYTE = 10  # start bit, eight data bits, stop bit


def session_timeouts(project: Project, *, debugged: bool) -> dict[str, float]:
    """The three time-outs in seconds; 0 means for ever, which `debugged` firmware needs.

    On a real UART the wait for a reply grows with the time that the largest tensor takes, twice,
    since frames escape bytes.
    """
    if debugged:
        retry = start = reply = 0.0
    else:
        retry, start, reply = _RETRY_SECONDS, _START_SECONDS, _REPLY_SECONDS
        board = project.board
        if board.uart is not None and board.emulator is None:
            tensors = [t for m in project.models for t in m.inputs + m.outputs]
            largest = max((t.size_bytes for t in tensors), default=0)
            reply += 2 * largest * _BITS_PER_BYTE / board.uart.baud
    return {
        "session_start_retry_timeout_sec": retry,
        "session_start_timeout_sec": start,
        "session_established_timeout_sec": reply,
    }
