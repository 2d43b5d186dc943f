"""Kernels in object files have to be for the board's processor: told before anything is written."""

from __future__ import annotations

import pytest

from microtvm_boards.errors import ModelError
from tests.project.test_buffers import planned


@pytest.mark.parametrize(
    ("mlf", "board", "message", "hint"),
    [
        (
            "objects_x86",
            "mps2_an386",
            "holds code for x86-64; board mps2_an386 has an Arm cortex-m4",
            "-mcpu=cortex-m4 -mfloat-abi=hard and an Arm triple",
        ),
        (
            "objects_arm",
            "microbit",
            "holds code for Arm v7-M; board microbit has an Arm cortex-m0",
            "-mcpu=cortex-m0 -mfloat-abi=soft and an Arm triple",
        ),
        (
            "objects_arm",
            "mps2_an386",
            "passes floats in general registers; code for board mps2_an386 passes them in "
            r"registers of the FPU \(hard-float ABI\)",
            "-mfloat-abi=hard",
        ),
        (
            "objects_arm",
            "host",
            "holds code for Arm v7-M; board host has the processor of this computer",
            "compile the model for the board's processor",
        ),
    ],
)
def test_code_for_another_processor_is_refused(
    mlf: str, board: str, message: str, hint: str
) -> None:
    with pytest.raises(ModelError, match=rf"lib/foo_lib0\.o {message}") as caught:
        planned(mlf, board)
    assert hint in caught.value.hint


def test_code_for_the_boards_processor_is_not() -> None:
    assert planned("objects_arm", "mps2_an385").modules


@pytest.mark.parametrize(("entrypoint", "ours"), [("c", True), ("packed", False)])
def test_failed_checks_of_kernels_have_where_to_report(entrypoint: str, ours: bool) -> None:
    """LLVM's kernels call TVMAPISetLastError, which the server of graphs has already."""
    result = planned("objects_graph_x86", "host", model_entrypoint_api=entrypoint)
    assert ("src/runtime/mtvm_last_error.c" in {file.path for file in result.files}) is ours
