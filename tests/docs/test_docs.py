"""What the documentation shows is what the tool does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from microtvm_boards.boards import load_board
from microtvm_boards.project import Project
from microtvm_boards.resources import template_project

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


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
