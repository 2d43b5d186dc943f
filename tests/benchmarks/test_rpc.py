"""The RPC benchmark gives a row for every client and line; times don't gate anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.benchmarks.conftest import BENCHMARKS, load_benchmark

LINES = ["pipe", "pty", "115200", "921600"]


@pytest.fixture(scope="module")
def rpc() -> ModuleType:
    return load_benchmark("rpc")


@pytest.mark.tools
def test_a_row_for_every_client_and_line(rpc: ModuleType, tmp_path: Path) -> None:
    rows = rpc.run(tmp_path, 0.01)
    ours = [row for row in rows if row.client == "ours"]
    assert [row.line for row in ours if row.line != "qemu"] == LINES
    micro = [row.line for row in rows if row.client == "tvm.micro"]
    if rpc.has_micro():
        assert [line for line in micro if line != "qemu"] == ["pipe", "api", *LINES[1:]]
    else:
        assert micro == []
    for row in rows:
        assert min(row.round_trips_per_s, row.up_kb_per_s, row.down_kb_per_s) > 0
        if row.line.isdigit():  # no line carries more than its rate
            assert row.up_share < 1
            assert row.down_share < 1
    assert len(rpc.table(rows).splitlines()) == 1 + len(rows)


def test_a_damaged_download_ends_the_benchmark(rpc: ModuleType) -> None:
    class Lossy:
        def ping(self) -> None: ...
        def up(self, data: bytes) -> None: ...
        def down(self) -> bytes:
            return b"something else"

    with pytest.raises(SystemExit, match="other bytes came back"):
        rpc.measure("lossy", "pipe", Lossy(), 64, 0, 0.001)


def test_its_help_says_what_it_measures() -> None:
    shown = subprocess.run(
        [sys.executable, str(BENCHMARKS / "rpc.py"), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--quick" in shown.stdout
    assert "--json" in shown.stdout
