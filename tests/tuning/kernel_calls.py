"""Kernels of TVM and of our own, and calls of them, for tests of kernel hosts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from microtvm_boards.mlf import load
from microtvm_boards.rpc import Device
from microtvm_boards.rpc.remote import RemoteHandle
from microtvm_boards.tuning.host.kernel_host import KernelHost
from microtvm_boards.tuning.host.system_library import tables
from tests.conftest import DATA

A = np.arange(-16, 16, dtype=np.int8).reshape(4, 8)
B = np.arange(8, dtype=np.int8).reshape(1, 8)
TABLES = f"""
#include <tvm/runtime/crt/module.h>
TVM_DLL int32_t kernel(void *, int32_t *, int32_t, void *, int32_t *, void *);
{tables("kernel")}""".encode()


def sources_of(name: str) -> dict[str, bytes]:
    files = load(DATA / f"{name}.tar").files
    return {Path(n).name: data for n, data in files.items() if n.endswith(".c")}


def bias_add(factor: int = 1) -> dict[str, bytes]:
    """What TVM made for a + factor * b."""
    sources = sources_of("operator")
    addend = b"((int32_t)((int8_t*)b_1)[j])"
    assert addend in sources["lib1.c"]
    sources["lib1.c"] = sources["lib1.c"].replace(addend, addend + b" * %d" % factor)
    return sources


def kernel(body: str, before: str = "") -> dict[str, bytes]:
    code = f"""
#include <math.h>
#include <string.h>
#include <tvm/runtime/c_backend_api.h>
{before}
TVM_DLL int32_t kernel(void *args, int32_t *codes, int32_t count, void *value, int32_t *code,
                       void *resource) {{
  {body}
}}
"""
    return {"lib0.c": TABLES, "lib1.c": code.encode()}


def call_bias_add(device: Device, library: RemoteHandle) -> np.ndarray:
    a = device.allocate((4, 8), "int8")
    b = device.allocate((1, 8), "int8")
    c = device.allocate((4, 8), "int32")
    device.copy_to(a, A.tobytes())
    device.copy_to(b, B.tobytes())
    device.call(device.module_function(library, "bias_add"), a, b, c)
    result = np.frombuffer(device.copy_from(c), np.int32).reshape(4, 8)
    for tensor in (a, b, c):
        device.release(tensor)
    return result


def run(host: KernelHost, device: Device, sources: dict[str, bytes], directory: Path) -> object:
    library = host.load(device, host.build(sources, directory))
    return device.call(device.module_function(library, "kernel"))
