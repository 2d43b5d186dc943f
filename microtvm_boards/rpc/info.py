"""What a firmware says about itself (its function mtvm.device_info)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from microtvm_boards.errors import DeviceError

PROTOCOL = 1  # of what mtvm.* functions answer


@dataclass(frozen=True)
class DeviceInfo:
    """model_sha256: how the SHA-256 of the model library begins, in hex. Sizes are bytes."""

    board: str
    models: tuple[str, ...]
    model_sha256: str
    packet_bytes: int
    tensor_heap_bytes: int


def parse_info(text: object) -> DeviceInfo:
    """Raises DeviceError for what isn't the JSON of template_project/src/rpc/features/system.c."""
    try:
        if not isinstance(text, str):
            raise TypeError(f"{text!r} is no text")
        found = json.loads(text)
        if found["protocol"] != PROTOCOL:
            raise ValueError(f"it speaks version {found['protocol']!r}, this is {PROTOCOL}")
        return DeviceInfo(
            board=str(found["board"]),
            models=tuple(str(name) for name in found["models"]),
            model_sha256=str(found["model_sha256"]),
            packet_bytes=int(found["packet_bytes"]),
            tensor_heap_bytes=int(found["tensor_heap_bytes"]),
        )
    except (ArithmeticError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DeviceError(
            f"What the firmware says about itself makes no sense: {error}.",
            hint="create the project again with this version, build it and flash it",
        ) from None
