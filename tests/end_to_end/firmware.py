"""Builds projects and runs them on real processors: this one, or QEMU's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.firmware.linked_needs import linked_needs
from microtvm_boards.harness import Harness, RunResult
from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.zephyr.board.tree import look_for_zephyr
from microtvm_boards.project import Project
from tests.platforms.cube_tree import need_package

Arrays = Mapping[str, "np.ndarray[Any, Any]"]


def need_tools(project: Project) -> None:
    """Skips where the tools for the project's board aren't there."""
    if project.platform == "stm32cube":
        need_package(project.board)
    if project.platform == "zephyr":
        if look_for_zephyr(None, Path.cwd()) is None:
            pytest.skip("there is no Zephyr tree: neither ZEPHYR_BASE nor ~/zephyrproject")
        pytest.importorskip("pykwalify", reason="the extra zephyr is not installed")
    if project.platform in ("baremetal", "stm32cube", "zephyr"):
        for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
            if shutil.which(tool) is None:
                pytest.skip(f"{tool} is not installed")
    if project.has_cxx:
        compiler = "arm-none-eabi-g++" if project.platform == "baremetal" else "c++"
        command = [compiler, "-fsyntax-only", "-include", "memory", "-x", "c++", os.devnull]
        if (
            shutil.which(compiler) is None
            or subprocess.run(command, capture_output=True).returncode
        ):
            pytest.skip(f"{compiler} and the C++ library's headers are not installed")


def build_and_run(project: Project, samples: Sequence[Arrays], model: int = 0) -> list[RunResult]:
    need_tools(project)
    platform = get_platform(project.platform)
    platform.build(project)
    with platform.transport(project) as transport:
        harness = Harness(project, transport, timeout=120)
        harness.start()
        return [harness.run(sample, model) for sample in samples]


def read_family(path: Path) -> tuple[list[Arrays], list[Arrays]]:
    """Inputs and expected outputs of tests/data/<family>.npz, one mapping a sample."""
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    count = len(next(iter(arrays.values())))
    inputs = [_side(arrays, "in_", i) for i in range(count)]
    outputs = [_side(arrays, "out_", i) for i in range(count)]
    return inputs, outputs


def _side(arrays: Arrays, prefix: str, sample: int) -> Arrays:
    return {
        name.removeprefix(prefix): array[sample]
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def assert_equal(result: RunResult, expected: Arrays, exact: bool = True) -> None:
    assert result.status_name == "MTVM_OK"
    # Names of outputs differ between kinds of export; their order doesn't.
    assert len(result.outputs) == len(expected)
    for got, want in zip(result.outputs.values(), expected.values(), strict=True):
        if exact:
            np.testing.assert_array_equal(got.reshape(want.shape), want)
        else:
            np.testing.assert_allclose(got.reshape(want.shape), want, rtol=1e-5, atol=1e-6)


def assert_predicted(project: Project) -> None:
    """What `create` said about memory against the linker: RAM within 2 % or 256 bytes and never
    under, constants as they are, flash within 15 %."""
    platform = get_platform(project.platform)
    needs = linked_needs(project, platform.firmware(project), platform.memories(project))
    rows = [(n.memory, n.kind, n.needed_bytes, n.linked_bytes) for n in needs]
    ram, linked = (sum(row[i] for row in rows if row[0].lower() == "ram") for i in (2, 3))
    assert 0 <= ram - linked <= max(256, 0.02 * linked), rows
    # TVM aligns each of its constants to 16 bytes.
    assert all(0 <= row[3] - row[2] <= 16 for row in rows if row[1] == "constants"), rows
    flash, linked = (sum(row[i] for row in rows if row[0].lower() == "flash") for i in (2, 3))
    if any(n.estimate and n.memory.lower() == "flash" for n in project.manifest.memory):
        assert abs(flash - linked) <= 0.15 * linked, rows
