"""What the documentation shows is what the tool does."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from microtvm_boards.boards import load_board
from microtvm_boards.project import Project
from microtvm_boards.resources import template_project
from microtvm_boards.rpc.session import LOGGER

ROOT = Path(__file__).resolve().parents[2]
TOP = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
PAGES = [*(ROOT / name for name in TOP), *sorted((ROOT / "docs").glob("*.md"))]

GROUPS = tuple(f"microtvm_boards.{kind}s" for kind in ("platform", "board", "flasher", "compiler"))


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def test_the_main_in_the_docs_is_the_one_that_is_generated(
    make_project: Callable[..., Project],
) -> None:
    project = make_project("foo_c", app="minimal")
    assert (
        blocks(ROOT / "docs/c-api.md", "c")[0] == (project.directory / "src/app/main.c").read_text()
    )


def test_every_status_is_documented() -> None:
    header = (template_project() / "src/model/mtvm_model.h").read_text()
    page = (ROOT / "docs/c-api.md").read_text()
    for name in re.findall(r"^  (MTVM_(?:OK|E_\w+)) =", header, re.MULTILINE):
        assert f"| `{name}` |" in page


def test_the_board_in_the_docs_is_a_board(tmp_path: Path) -> None:
    text = blocks(ROOT / "docs/boards.md", "yaml")[0]
    path = tmp_path / "my_board.yaml"
    path.write_text(text)
    assert load_board(str(path)).name == yaml.safe_load(text)["name"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_of_modules_are_right(page: Path) -> None:
    """Imports of samples, and dotted names in the text; the changelog's old ones stand before an
    "is" or "are"."""
    text = re.sub(r"`microtvm_boards[\w.]+`( and `[\w.]+`)? (is|are) ", "", page.read_text())
    text = re.sub(r"what was in `microtvm_boards\.tvm`", "", text)
    for name in set(re.findall(r"(?<![\w/.\"])microtvm_boards(?:\.\w+)+", text)):
        if not name.startswith(GROUPS) and name != LOGGER:
            pkgutil.resolve_name(name)
    for module, names in re.findall(r"^from (microtvm_boards[\w.]*) import (.+)$", text, re.M):
        for name in names.split(", "):
            assert hasattr(importlib.import_module(module), name), f"{module}.{name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    text = page.read_text()
    folders = "microtvm_boards|template_project|board_configs|scripts|tests|benchmarks|examples"
    for name in set(re.findall(rf"`((?:{folders})/[\w./-]+)`", text)):
        if "NAME" not in name:
            assert (ROOT / name).exists(), name
