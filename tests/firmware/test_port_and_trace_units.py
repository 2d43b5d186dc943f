"""What ports to Cortex-M share, and what traces operators, on the host under sanitizers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.firmware.test_units import CONFIG, HERE, SANITIZED, SRC, STRICT

pytestmark = pytest.mark.tools

SETTINGS = """
#define MTVM_RING_BYTES 8
#define MTVM_MODEL_COUNT 1
#define MTVM_STATIC_ASSERT(condition, name) typedef char name[(condition) ? 1 : -1]
"""
TRACE = ["trace/mtvm_trace.c"]


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize(
    ("unit", "sources"),
    [
        ("unit_ring.c", []),
        ("trace/unit_trace.c", TRACE),
        (
            "trace/unit_trace_rpc.c",
            [*TRACE, "trace/trace_rpc.c", "rpc/calls/call.c", "rpc/calls/error.c"],
        ),
    ],
)
def test_unit(tmp_path: Path, compiler: str, unit: str, sources: list[str]) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    (tmp_path / "mtvm_config.h").write_text(CONFIG + SETTINGS)
    program = tmp_path / "unit"
    rooms = (SRC / room for room in ("port", "model", "abi", "rpc", "trace"))
    folders = [tmp_path, HERE / "trace", *rooms]
    files = [HERE / unit, *(SRC / source for source in sources)]
    command = [compiler, *STRICT, *SANITIZED, *(f"-I{folder}" for folder in folders)]
    subprocess.run([*command, *map(str, files), "-o", str(program)], check=True)
    result = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False)
    assert result.stdout == "passed\n", result.stderr
