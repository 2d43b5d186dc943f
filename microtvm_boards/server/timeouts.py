"""How long TVM's session waits for the firmware; meanings: TVM v0.16, project_api/server.py."""

from __future__ import annotations

from microtvm_boards.platforms.base import ANY_DEVICE
from microtvm_boards.platforms.serial_board import line_rate
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project

_RETRY_SECONDS = 2.0  # a firmware that was not up yet gets the start message again
_START_SECONDS = 30.0  # an answer ends the wait, so only a dead board costs them
# One inference: 600 million multiply-accumulates at ten cycles each and 100 MHz.
_REPLY_SECONDS = 60.0
_BITS_PER_BYTE = 10  # start bit, eight data bits, stop bit


def session_timeouts(project: Project, device: DeviceOptions = ANY_DEVICE) -> dict[str, float]:
    """The three time-outs in seconds; 0 means for ever, which a firmware under gdb needs.

    On a real UART the wait for a reply grows with the time that the largest tensor takes, twice,
    since frames escape bytes.
    """
    if device.gdbserver_port is not None:
        retry = start = reply = 0.0
    else:
        retry, start, reply = _RETRY_SECONDS, _START_SECONDS, _REPLY_SECONDS
        rate = line_rate(project.board, device)
        if rate is not None:
            tensors = [t for m in project.models for t in m.inputs + m.outputs]
            largest = max((t.size_bytes for t in tensors), default=0)
            reply += 2 * largest * _BITS_PER_BYTE / rate
    return {
        "session_start_retry_timeout_sec": retry,
        "session_start_timeout_sec": start,
        "session_established_timeout_sec": reply,
    }
