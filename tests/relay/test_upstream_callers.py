"""Callers of upstream's template "zephyr" get ours where TVM has none."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.platforms.zephyr.board.tree import look_for_zephyr

pytestmark = [pytest.mark.tvm, pytest.mark.zephyr]
BOARD = "mps2_an521"


@pytest.fixture
def testing() -> Any:
    """tvm.micro.testing."""
    pytest.importorskip("tvm")
    if look_for_zephyr(None, Path.cwd()) is None:
        pytest.skip("there is no Zephyr: ZEPHYR_BASE, a west workspace or ~/zephyrproject")
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    from microtvm_boards.tvm import enable_micro

    enable_micro()
    import tvm.micro.testing

    return tvm.micro.testing


def test_create_aot_session_on_zephyr(testing: Any, model: Any, tmp_path: Path) -> None:
    """get_target reads boards.json; the project is made with upstream's option names alone."""
    from tvm.runtime.executor.aot_executor import AotModule

    from microtvm_boards.tvm import reference_outputs

    mod, params = model
    image = np.arange(72, dtype="int8").reshape(1, 6, 6, 2)
    target = testing.get_target("zephyr", BOARD)
    assert target.attrs["mcpu"] == "cortex-m33"
    options = {"config_main_stack_size": 4096, "use_fvp": False, "serial_number": None}
    with testing.create_aot_session(
        "zephyr", BOARD, target, mod, params, tmp_path, project_options=options
    ) as session:
        executor = AotModule(session.create_aot_executor())
        executor.run(x=image)
        outputs = [executor.get_output(i).numpy() for i in range(3)]
    assert (tmp_path / "project" / "prj.conf").is_file()

    for output, expected in zip(outputs, reference_outputs(mod, params, {"x": image}), strict=True):
        np.testing.assert_array_equal(output, expected)
