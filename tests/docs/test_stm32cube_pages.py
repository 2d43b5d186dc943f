"""docs/stm32cube.md and docs/st-api.md: what they show is what happens."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.boards import board_names, load_board
from microtvm_boards.platforms.stm32cube.section import Stm32
from microtvm_boards.project import Project
from tests.conftest import DIGITS
from tests.docs.test_docs import ROOT, blocks
from tests.platforms.cube_tree import need_package

PAGE = ROOT / "docs" / "stm32cube.md"


@pytest.mark.stm32cube
@pytest.mark.qemu
def test_the_commands_do_what_the_page_says(tmp_path: Path) -> None:
    need_package(load_board("netduinoplus2"))
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm", "microtvm-boards"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    shutil.copy(DIGITS / "digits_c.tar", tmp_path / "digits.tar")
    shutil.copy(DIGITS / "test_images.npz", tmp_path / "images.npz")
    (tmp_path / "my_project").mkdir()
    (tmp_path / "my_project" / "my.ioc").write_text("Mcu.UserName=STM32F405RGTx\n")
    shown = re.findall(r"^\$ (.+)\n(.+)$", PAGE.read_text(), re.MULTILINE)
    assert len(shown) == 5
    for command, answer in shown:
        done = subprocess.run(
            shlex.split(command), cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(answer.removesuffix("...")), command


def test_the_board_in_the_page_is_a_board(tmp_path: Path) -> None:
    path = tmp_path / "my_stm32.yaml"
    path.write_text(blocks(PAGE, "yaml")[0])
    assert load_board(str(path)).section(Stm32) is not None


def test_every_board_is_in_the_page() -> None:
    names = {name for name in board_names() if load_board(name).section(Stm32) is not None}
    assert names == set(
        re.findall(r"`(\w+)`", PAGE.read_text().split("| chip |")[1].split("\n\n")[0])
    )


@pytest.mark.tools
def test_the_code_for_contexts_compiles(
    make_project: Callable[..., Project], tmp_path: Path
) -> None:
    source = tmp_path / "context.c"
    source.write_text(blocks(ROOT / "docs" / "st-api.md", "c")[0])
    project = make_project("foo_c")
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    include = f"-I{project.directory / 'src' / 'model'}"
    subprocess.run(["gcc", *flags, include, "-c", source, "-o", tmp_path / "o"], check=True)


def test_the_names_of_ours_are_there() -> None:
    """Every mtvm_ name of the page is in a header."""
    folder = ROOT / "template_project" / "src" / "model"
    headers = "".join(path.read_text() for path in folder.iterdir())
    for name in set(re.findall(r"`(mtvm_\w+)", (ROOT / "docs" / "st-api.md").read_text())):
        assert name in headers, name
