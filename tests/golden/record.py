"""`make golden`: records what `create` makes of every case now."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.golden.cases import cases
from tests.golden.projects import Place, answer, write

with tempfile.TemporaryDirectory() as scratch:
    place = Place(Path(scratch) / "zephyrproject")
    write({case.name: answer(case, place) for case in cases()})
