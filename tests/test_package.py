"""An installed wheel carries everything: template, boards, server."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import DATA

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_package_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "microtvm_api_server.py",
        "boards.json",
        "board_configs/mps2_an386.yaml",
        "board_configs/board.schema.json",
        "template_project/CMakeLists.txt",
        "template_project/src/model/mtvm_model.h",
        "template_project/gitignore",
    ):
        assert f"microtvm_boards/_data/{name}" in names


def test_the_installed_package_makes_a_project_that_knows_where_it_is(
    wheel: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    tool = [sys.executable, "-m", "microtvm_boards.cli"]
    printed = subprocess.run(
        [*tool, "template-dir"],
        env=environment,
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert Path(printed.strip()) == tmp_path / "site" / "microtvm_boards" / "_data"
    project = tmp_path / "project"
    create = [*tool, "create", DATA / "foo_c.tar", project, "--board", "host"]
    create += ["--model-entrypoint-api", "c"]
    subprocess.run(create, env=environment, cwd=tmp_path, check=True, capture_output=True)
    assert (project / ".microtvm-boards").read_text().strip() == str(tmp_path / "site")
