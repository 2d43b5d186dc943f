"""Whether firmware goes onto a board on a cable: then another firmware has to be brought back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from microtvm_boards.project.options.device import DeviceOptions


@pytest.mark.parametrize(
    ("board", "expected"),
    [("host", False), ("mps2_an386", False), ("netduinoplus2", False), ("nucleo_f411re", True)],
)
def test_boards_without_an_emulator_are_hardware(
    make_project: Callable[..., Project], board: str, expected: bool
) -> None:
    project = make_project("foo_c", board=board)
    platform = get_platform(project.platform)
    assert platform.on_hardware(project) is expected
    if board == "netduinoplus2":  # a real one was named
        assert platform.on_hardware(project, DeviceOptions(port="/dev/ttyACM0"))
