"""Which files of a CMSIS tree a model's code takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from microtvm_boards.mlf import load
from microtvm_boards.project.inputs.accelerators import read_cmsis, refuse_missing
from tests.project.accelerated import HOOKS_ALONE, cmsis_library


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """As CMSIS 5.9 includes each other, the DSP's headers in a folder of their own."""
    files = {
        "NN/Include/arm_nnfunctions.h": '#include "arm_nn_types.h"\n#include "arm_math_types.h"',
        "NN/Include/arm_nn_types.h": "",
        "NN/Include/arm_nnsupportfunctions.h": '#include "dsp/fast_math_functions.h"',
        "NN/Source/FC/arm_fully_connected_s8.c": '#include "arm_nnsupportfunctions.h"',
        "NN/Source/FC/arm_softmax_s8.c": "",
        "DSP/Include/arm_math_types.h": '#include "cmsis_compiler.h"',
        "DSP/Include/dsp/fast_math_functions.h": '#include "dsp/utils.h"\n#include "none.h"',
        "DSP/Include/dsp/none.h": "",
        "DSP/Include/dsp/utils.h": '#include "arm_math_types.h"',
        "DSP/Source/none.h": "",
        "Core/Include/cmsis_compiler.h": "",
    }
    for name, text in files.items():
        path = tmp_path / "Include" / "CMSIS" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "Include" / "CMSIS"


def test_headers_keep_the_folders_that_includes_say(tree: Path, tmp_path: Path) -> None:
    model = load(cmsis_library(tmp_path / "cmsis.tar"))
    extra = {name: text.encode() for name, text in HOOKS_ALONE.items()}
    files, looked = read_cmsis([model], extra, str(tree), list)
    assert sorted(files) == [
        "include/arm_math_types.h",
        "include/arm_nn_types.h",
        "include/arm_nnfunctions.h",
        "include/arm_nnsupportfunctions.h",
        "include/cmsis_compiler.h",
        "include/dsp/fast_math_functions.h",
        "include/dsp/none.h",
        "include/dsp/utils.h",
        "src/arm_fully_connected_s8.c",
    ]
    assert looked[0].endswith("it has NN and DSP and Core")
    refuse_missing([model], extra, files, looked)
