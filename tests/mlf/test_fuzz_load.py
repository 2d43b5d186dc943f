"""A sample of the fuzz target; run it longer by hand."""

from __future__ import annotations

import pytest

from tests.conftest import series
from tests.mlf.fuzz_load import run


@pytest.mark.slow
def test_damaged_tars_give_a_model_or_a_model_error() -> None:
    tars = series(500, 20_000)
    accepted = run(tars, seed=1)
    assert 0 < accepted < tars  # the damage is neither always noticed nor always harmless
