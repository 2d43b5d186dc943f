"""What a replayed session has to have in common with the recorded one."""

from __future__ import annotations

from pathlib import Path

from microtvm_boards.rpc.frames import Decoder
from microtvm_boards.rpc.messages import Kind, parse_message
from microtvm_boards.transports.transcript import written


def recorded_nonce(path: Path) -> int | None:
    """The number of the first session that the transcript `path` asks for; None when for none.

    Raises TransportError when it can't be read.
    """
    for payload in Decoder().feed(written(path)):
        message = parse_message(payload)
        if message is not None and message.kind == Kind.START_INIT:
            return message.session_id & 0xFF
    return None
