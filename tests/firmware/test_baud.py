"""When the firmware ends a higher rate of its UART, on the host, under sanitizers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.firmware.test_units import CONFIG, HERE, SANITIZED, SRC, STRICT

RATES = "#define MTVM_HAS_BAUD\n#define MTVM_UART_BAUD 115200U\n"


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_a_higher_rate_ends_when_it_should(tmp_path: Path, compiler: str) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    (tmp_path / "mtvm_config.h").write_text(CONFIG + RATES)
    program = tmp_path / "unit"
    folders = [tmp_path, SRC / "rpc", SRC / "port"]
    sources = [HERE / "rpc" / "unit_baud.c", SRC / "rpc" / "baud.c", SRC / "rpc" / "link.c"]
    command = [compiler, *STRICT, *SANITIZED, *(f"-I{folder}" for folder in folders)]
    subprocess.run([*command, *map(str, sources), "-o", str(program)], check=True)
    result = subprocess.run([program], capture_output=True, text=True, timeout=20, check=False)
    assert result.stdout == "passed\n", result.stderr
