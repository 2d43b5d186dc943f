"""Tensors as numpy arrays and as the bytes that go over the wire: row-major, little-endian."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from microtvm_boards.errors import UsageError
from microtvm_boards.model.tensor import Tensor

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[Any]


def array_shape(tensor: Tensor) -> tuple[int, ...]:
    """The tensor's shape; where the model doesn't say, a flat array of all its elements."""
    if tensor.shape is not None:
        return tensor.shape
    return (tensor.size_bytes // _dtype(tensor).itemsize,)


def to_bytes(tensor: Tensor, array: Array) -> bytes:
    """Raises UsageError when `array` doesn't have the tensor's dtype and shape."""
    import numpy as np

    dtype, shape = _dtype(tensor), array_shape(tensor)
    values = np.asarray(array)
    if values.dtype != dtype or values.shape != shape:
        raise UsageError(
            f'Input "{tensor.name}" needs {tensor.dtype} of shape {shape}; found {values.dtype} of '
            f"shape {values.shape}."
        )
    return np.ascontiguousarray(values, dtype=dtype).tobytes()


def from_bytes(tensor: Tensor, data: bytes) -> Array:
    """A new array; `data` has the tensor's size_bytes."""
    import numpy as np

    dtype = _dtype(tensor)
    if dtype == np.bool_:  # C knows true as any number but 0
        values: Array = np.frombuffer(data, np.uint8) != 0
    else:
        values = np.frombuffer(data, dtype).astype(dtype.newbyteorder("="))
    return values.reshape(array_shape(tensor))


def _dtype(tensor: Tensor) -> np.dtype[Any]:
    import numpy as np

    little: np.dtype[Any] = np.dtype(tensor.dtype).newbyteorder("<")
    return little
