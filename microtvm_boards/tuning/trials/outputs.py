"""A kernel's outputs: cleared before it runs, fetched afterwards, compared with the right ones."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from microtvm_boards.tuning.trials.candidate import TunedOperator

if TYPE_CHECKING:
    from microtvm_boards.rpc import Device, RemoteTensor

_LARGE = 256  # bytes; a tensor of more doesn't go over the line when it needn't
_UNWRITTEN = b"\xa5"
_RANDOM_FILL = "tvm.contrib.random.random_fill"
_CRC32 = "mtvm.tensor_crc32"
_SECONDS = 10.0  # to go through all memory that a board may have


def clear(device: Device, tensors: Sequence[RemoteTensor]) -> None:
    """What is in them must not pass for what the next kernel writes: random numbers are put there,
    or a pattern where a few random ones might be right."""
    for tensor in tensors:
        if tensor.size_bytes < _LARGE:
            device.copy_to(tensor, _UNWRITTEN * tensor.size_bytes)
        else:
            device.call(_RANDOM_FILL, tensor, work=_SECONDS)


def fetch(
    device: Device, tensors: Sequence[RemoteTensor], expected: Sequence[bytes] | None
) -> tuple[bytes, ...]:
    """The bytes of `tensors`. Of large ones that are as `expected` only a checksum is sent."""
    found: list[bytes] = []
    for number, tensor in enumerate(tensors):
        wanted = b"" if expected is None else expected[number]
        if len(wanted) >= _LARGE and _crc32(device, tensor) == zlib.crc32(wanted):
            found.append(wanted)
        else:
            found.append(device.copy_from(tensor))
    return tuple(found)


def _crc32(device: Device, tensor: RemoteTensor) -> object:
    """None: the firmware takes kernels in another way than through a window, and has no such
    function."""
    function = device.find_function(_CRC32)
    return None if function is None else device.call(function, tensor, work=_SECONDS)


def right(outputs: Sequence[bytes], expected: Sequence[bytes], operator: TunedOperator) -> bool:
    """Whether `outputs` are `expected`: integers exactly, floats within the operator's limits."""
    import numpy as np

    from microtvm_boards.model.arrays import from_bytes

    tensors = operator.arguments[-operator.outputs :]
    for tensor, got, want in zip(tensors, outputs, expected, strict=True):
        if got == want:
            continue
        if not tensor.dtype.startswith("float"):
            return False
        a, b = from_bytes(tensor, got), from_bytes(tensor, want)
        if not np.allclose(a, b, rtol=operator.rtol, atol=operator.atol, equal_nan=True):
            return False
    return True
