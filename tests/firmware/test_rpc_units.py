"""Parts of the RPC firmware on the host, under sanitizers; the line is an array (rpc/port.h)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.firmware.test_units import CONFIG, HERE, SANITIZED, SRC, STRICT

pytestmark = pytest.mark.tools

SETTINGS = """
#define MTVM_ALIGN_UP(size) (((uint32_t)(size) + MTVM_ALIGNMENT - 1U) & ~(MTVM_ALIGNMENT - 1U))
#define MTVM_STATIC_ASSERT(condition, name) typedef char name[(condition) ? 1 : -1]
#define MTVM_TENSOR_HEAP_BYTES 1024U
#define MTVM_FRAME_BYTES 11
#define MTVM_HAS_BAUD
#define MTVM_UART_BAUD 115200U
#define MTVM_KERNEL_HOST "0123456789abcdef"
#define MTVM_KERNEL_WINDOW_BYTES 256U
"""
CODEC = [
    *("codec/codec_classic.c", "calls/call.c", "calls/error.c", "calls/heap.c"),
    *("link/link.c", "link/session.c"),
]


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize(
    ("unit", "sources"),
    [
        ("unit_link.c", ["link/link.c"]),
        ("unit_heap.c", ["calls/heap.c", "calls/error.c", "link/link.c"]),
        ("unit_baud.c", ["link/baud.c", "link/link.c"]),
        ("unit_codec.c", CODEC),
        ("unit_dispatch.c", [*CODEC, "dispatch.c", "calls/handles.c"]),
        ("unit_kernel_window.c", ["kernels/kernel_window.c", "calls/call.c", "calls/error.c"]),
    ],
)
def test_unit(tmp_path: Path, compiler: str, unit: str, sources: list[str]) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    (tmp_path / "mtvm_config.h").write_text(CONFIG + SETTINGS)
    program = tmp_path / "unit"
    folders = [tmp_path, *(SRC / room for room in ("rpc", "port", "abi", "model"))]
    files = [HERE / "rpc" / unit, *(SRC / "rpc" / source for source in sources)]
    command = [compiler, *STRICT, *SANITIZED, *(f"-I{folder}" for folder in folders)]
    subprocess.run([*command, *map(str, files), "-o", str(program)], check=True)
    result = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False)
    assert result.stdout == "passed\n", result.stderr
