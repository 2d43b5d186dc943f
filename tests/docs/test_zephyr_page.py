"""docs/zephyr.md shows what happens, where there is a Zephyr."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from microtvm_boards.project.options.known import known_options
from tests.cli.test_docs import masked
from tests.docs.test_docs import ROOT, blocks
from tests.end_to_end.test_zephyr import TREES

PAGE = ROOT / "docs/zephyr.md"


def commands() -> Iterator[tuple[str, list[str]]]:
    (block,) = blocks(PAGE, "console")
    for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
        yield command, output.splitlines()


@pytest.mark.zephyr
def test_the_session_goes_as_it_is_shown(tmp_path: Path) -> None:
    if not TREES:
        pytest.skip("there is no Zephyr tree: neither ZEPHYR_BASE nor ~/zephyrproject")
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    environment = {**os.environ, "ZEPHYR_BASE": str(TREES[0])}
    for command, shown in commands():
        words = command.split()
        assert words[0] == "microtvm-boards"
        done = subprocess.run(
            [sys.executable, "-m", "microtvm_boards.cli", *words[1:]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        lines = done.stdout.replace(str(tmp_path), "/home/you").splitlines()
        if "..." in shown:
            shown, lines = shown[:-1], lines[: len(shown) - 1]
        assert [masked(line) for line in lines] == [masked(line) for line in shown]


def test_its_options_are_options() -> None:
    table = PAGE.read_text().split("## Options")[1].split("##")[0]
    names = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert names and names <= known_options().specs.keys()
