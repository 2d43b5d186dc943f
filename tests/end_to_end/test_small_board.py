"""A Cortex-M0 with 16 KB of RAM runs a classifier with a kilobyte of stack."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.project import Project
from tests.conftest import DIGITS
from tests.end_to_end.firmware import build_and_run
from tests.firmware.call_graph import call_graphs, deepest_chain

BEYOND_THE_MODEL = 1024  # bytes


def model_stack(project: Project, scratch: Path) -> int:
    """What TVM's own functions need, by the compiler's account."""
    sources = sorted((project.directory / "model/codegen/host/src").glob("*.c"))
    flags = ["-Os", "-w", "-mcpu=cortex-m0", f"-I{project.directory / 'src/abi'}"]
    flags.append(f"-I{project.directory / 'model/codegen/host/include'}")
    return deepest_chain(call_graphs(sources, flags, scratch), "tvmgen_digits_run")


@pytest.mark.qemu
def test_digits_on_microbit_within_a_kilobyte_of_stack(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    need = model_stack(make_project(DIGITS / "digits_c.tar", board="microbit"), tmp_path)
    stack = need + BEYOND_THE_MODEL
    project = make_project(DIGITS / "digits_c.tar", board="microbit", stack_size_bytes=stack)
    with np.load(DIGITS / "test_images.npz") as archive:
        images, expected = archive["image"][:20], archive["reference"][:20]
    results = build_and_run(project, [{"image": image} for image in images])
    for result, want in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result.outputs["logits"], want)
        assert 0 < result.stack_bytes < stack


@pytest.mark.qemu
@pytest.mark.parametrize("board", ["mps2_an386", "mps2_an505"])
def test_a_stack_that_is_too_small_is_an_error_and_never_a_wrong_answer(
    make_project: Callable[..., Project], board: str
) -> None:
    """Where the machine faults below its RAM, and where it doesn't."""
    project = make_project(DIGITS / "digits_packed.tar", board=board, stack_size_bytes=256)
    with np.load(DIGITS / "test_images.npz") as archive, pytest.raises(MicroTvmBoardsError):
        build_and_run(project, [{"image": archive["image"][0]}])
