"""parameters/<mod>.params: constants of a graph-executor module, as tvm.relay.save_param_dict
writes them (src/runtime/file_utils.cc, NDArray::Save in include/tvm/runtime/ndarray.h)."""

from __future__ import annotations

import math
import struct

from microtvm_boards.mlf.checks import Malformed, as_str
from microtvm_boards.model import DTYPE_BYTES, Param

_LIST_MAGIC = 0xF7E58D4F05049CB7
_NDARRAY_MAGIC = 0xDD5E40F096B4A13F
_MAX_PARAMS = 100_000
_MAX_RANK = 32
_DTYPES = {0: "int", 1: "uint", 2: "float"}  # DLDataTypeCode


class _Reader:
    """Reads little-endian fields; never past the end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, size: int, what: str) -> bytes:
        if size > len(self.data) - self.position:
            raise Malformed(f"it is truncated in {what}")
        self.position += size
        return self.data[self.position - size : self.position]

    def u64(self, what: str) -> int:
        return int.from_bytes(self.take(8, what), "little")

    def u32(self, what: str) -> int:
        return int.from_bytes(self.take(4, what), "little")


def parse_params(data: bytes) -> tuple[Param, ...]:
    """The parameters in the order of the file. Raises Malformed."""
    reader = _Reader(data)
    if reader.u64("the magic number") != _LIST_MAGIC:
        raise Malformed("it doesn't begin with TVM's magic number of parameter files")
    reader.u64("the header")  # reserved
    count = reader.u64("the number of names")
    if count > _MAX_PARAMS:
        raise Malformed(f"it claims to hold {count} parameters")
    names = []
    for _ in range(count):
        name = reader.take(reader.u64("a name"), "a name").decode("utf-8", "replace")
        names.append(as_str(name, "a parameter's name"))
    if reader.u64("the number of arrays") != count:
        raise Malformed("it holds another number of arrays than of names")
    if len(set(names)) != count:
        raise Malformed("a parameter is there twice")
    params = tuple(_param(reader, name) for name in names)
    if reader.position != len(data):
        raise Malformed(f"{len(data) - reader.position} bytes follow the last parameter")
    return params


def _param(reader: _Reader, name: str) -> Param:
    what = f'parameter "{name}"'
    if reader.u64(what) != _NDARRAY_MAGIC:
        raise Malformed(f"{what} doesn't begin with TVM's magic number of arrays")
    reader.u64(what)  # reserved
    reader.u64(what)  # device: type and id
    rank = reader.u32(what)
    if rank > _MAX_RANK:
        raise Malformed(f"{what} has {rank} dimensions")
    code, bits, lanes = struct.unpack("<BBH", reader.take(4, what))
    dtype = "bool" if (code, bits) == (1, 1) else f"{_DTYPES.get(code)}{bits}"
    if dtype not in DTYPE_BYTES or lanes != 1:
        raise Malformed(f"{what} has the data type ({code}, {bits} bits, {lanes} lanes)")
    shape = struct.unpack(f"<{rank}q", reader.take(8 * rank, what))
    size = reader.u64(what)
    if min(shape, default=0) < 0 or math.prod(shape) * DTYPE_BYTES[dtype] != size:
        raise Malformed(f"{what} has {size} bytes, which is not {dtype} {list(shape)}")
    return Param(name, dtype, shape, reader.take(size, what))
