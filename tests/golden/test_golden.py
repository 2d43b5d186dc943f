"""What `create` writes and says stays as it is: ten projects as files. Where it is meant to
change, `make golden` writes them anew and the diff goes into the commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden.cases import CASES, Case
from tests.golden.projects import KEPT, Place, made


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("golden") / "zephyrproject")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_project_is_as_it_was(case: Case, place: Place) -> None:
    folder = KEPT / case.name
    kept = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    now = made(case, place)
    assert sorted(now) == sorted(kept)
    for name, path in kept.items():
        assert now[name].decode() == path.read_text(), name


def test_every_kept_project_has_its_case() -> None:
    assert {path.name for path in KEPT.iterdir()} == {case.name for case in CASES}


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
