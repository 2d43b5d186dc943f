"""The main() to start from builds and runs for any model name and any number of tensors."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from tests.end_to_end.firmware import need_tools

pytestmark = pytest.mark.tools

MODELS = ["foo_c", "foo_packed", "keywords_c", "shapes_graph", "two_modules_c"]


def built(project: Project) -> Project:
    need_tools(project)
    get_platform(project.platform).build(project)
    return project


@pytest.mark.parametrize("name", MODELS)
def test_it_ends_well_on_the_host(make_project: Callable[..., Project], name: str) -> None:
    project = built(make_project(name, app="minimal", warning_as_error=True))
    firmware = get_platform(project.platform).firmware(project)
    assert subprocess.run([firmware], timeout=20, check=False).returncode == 0


@pytest.mark.qemu
@pytest.mark.parametrize("name", MODELS)
def test_it_ends_well_on_a_board(make_project: Callable[..., Project], name: str) -> None:
    """The emulator exits with what main() returns."""
    project = built(make_project(name, board="mps2_an386", app="minimal", warning_as_error=True))
    firmware = get_platform(project.platform).firmware(project)
    command = ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none"]
    command += ["-semihosting-config", "enable=on,target=native", "-kernel", str(firmware)]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0
