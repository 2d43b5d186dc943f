"""What `create` writes and says stays as it is. `make golden` records what is new."""

from __future__ import annotations

import pytest

from tests.golden.cases import Case, cases
from tests.golden.projects import Place, answer, read

GOLDEN = read()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("golden") / "zephyrproject")


def test_every_case_is_recorded_and_no_other() -> None:
    assert sorted(GOLDEN) == sorted(case.name for case in cases())


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_a_project_is_as_it_was(case: Case, place: Place) -> None:
    assert answer(case, place) == GOLDEN[case.name]
