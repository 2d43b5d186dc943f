"""Kernel hosts on other platforms, and on a board that is flashed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.errors import ToolNotFoundError
from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.flash import FlashRequest
from microtvm_boards.project import create
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.resources import board_configs
from microtvm_boards.rpc.seen import SessionError
from microtvm_boards.tuning.host.kernel_host import KernelHost
from tests.conftest import DATA
from tests.tuning.conftest import EMULATED, prepare
from tests.tuning.desk_board import DeskBoard
from tests.tuning.kernel_calls import A, B, bias_add, call_bias_add, kernel, run

ANY = DeviceOptions()


@pytest.mark.parametrize(
    ("board", "options"),
    [
        pytest.param("netduinoplus2", {}, marks=[pytest.mark.qemu, pytest.mark.stm32cube]),
        pytest.param(
            "mps2_an385", {"platform": "zephyr"}, marks=[pytest.mark.qemu, pytest.mark.zephyr]
        ),
    ],
)
def test_other_platforms_have_windows_too(
    board: str, options: dict[str, object], tmp_path: Path
) -> None:
    """Zephyr's kernel host is built without its MPU settings, which forbid to execute RAM."""
    try:
        host = prepare(board, **options)
    except ToolNotFoundError as error:
        pytest.skip(error.cause)
    assert host.mode == "window"
    with host.open(ANY) as device:
        for factor in (1, 2):
            library = host.load(device, host.build(bias_add(factor), tmp_path / str(factor)))
            found = call_bias_add(device, library)
            np.testing.assert_array_equal(found, A.astype(np.int32) + factor * B)
        crash = kernel("*(volatile int32_t *)0xfffffff0u = 1; return 0;")
        with pytest.raises(SessionError, match=r"rebooted|went away"):
            run(host, device, crash, tmp_path / "crash")


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, emulated: KernelHost
) -> Iterator[DeskBoard]:
    """A board that holds the firmware of another project."""
    project = create(DATA / "operator.tar", tmp_path / "other", ProjectOptions(board=EMULATED))
    board = DeskBoard(project.board, get_platform("baremetal").build(project).firmware)

    def flash(request: FlashRequest, **_: object) -> str:
        board.flash(request.firmware)
        return "flashed"

    monkeypatch.setattr("microtvm_boards.platforms.flash.flash_with", flash)
    yield board
    board.close()


@pytest.mark.qemu
@pytest.mark.parametrize("mode", ["window", "rebuild"])
def test_a_board_is_flashed_only_when_it_holds_another_firmware(
    desk: DeskBoard, mode: str, tmp_path: Path
) -> None:
    host = prepare(EMULATED, tuning_load=mode)
    for time in (1, 2):
        image = host.build(bias_add(time), tmp_path / f"image{time}")
        with host.open(DeviceOptions(port=desk.port)) as device:
            found = call_bias_add(device, host.load(device, image))
            np.testing.assert_array_equal(found, A.astype(np.int32) + time * B)
        # Once for all kernels, or a firmware with each of them.
        assert len(desk.flashed) == (1 if mode == "window" else time)


@pytest.mark.qemu
def test_a_board_whose_kernel_crashes_starts_anew_without_being_flashed(
    desk: DeskBoard, tmp_path: Path
) -> None:
    """What has no emulator has nobody who takes an exit status."""
    text = (board_configs() / f"{EMULATED}.yaml").read_text()
    text = re.sub(r"^emulator:\n(?:  .*\n)+", "", text, flags=re.MULTILINE)
    path = tmp_path / "desk.yaml"
    path.write_text(text.replace("flashers: [emulator]\n", ""))
    host = prepare(str(path))
    good = host.build(bias_add(), tmp_path / "good")
    bad = kernel("*(volatile int32_t *)0xbad00000u = 1; return 0;")
    with host.open(DeviceOptions(port=desk.port)) as device:
        assert len(desk.flashed) == 1
        with pytest.raises(SessionError, match="rebooted"):
            run(host, device, bad, tmp_path / "bad")
        found = call_bias_add(device, host.load(device, good))
        np.testing.assert_array_equal(found, A.astype(np.int32) + B)
    assert len(desk.flashed) == 1
