"""An installed wheel carries everything: template, boards, server; so does a source archive."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import DATA

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")


def build_wheel(source: Path, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


def members(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


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
    assert "microtvm_boards/py.typed" in names


def test_a_source_archive_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "sdist"]
    subprocess.run([*build, "--directory", str(tmp_path)], cwd=ROOT, check=True)
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        archive.extractall(tmp_path)
    source = tmp_path / path.name.removesuffix(".tar.gz")
    for name in ("tests/conftest.py", "docs/cli.md", "Makefile"):
        assert (source / name).is_file()
    assert members(build_wheel(source, tmp_path)) == members(wheel)


def test_links_of_the_readme_hold_on_an_index_page(wheel: Path) -> None:
    (metadata,) = (text for name, text in members(wheel).items() if name.endswith("/METADATA"))
    shown = metadata.decode().partition("\n\n")[2]
    targets = LINK.findall(shown)
    assert targets
    assert all(target.startswith("https://") for _, target in targets)
    text = (ROOT / "README.md").read_text()
    assert LINK.sub(r"\1", shown) == LINK.sub(r"\1", text)


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
