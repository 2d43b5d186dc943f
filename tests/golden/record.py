"""`make golden`: writes what `create` makes of every case now; `git diff` shows what is new."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from tests.golden.cases import CASES
from tests.golden.projects import KEPT, Place, made

shutil.rmtree(KEPT, ignore_errors=True)
with tempfile.TemporaryDirectory() as scratch:
    place = Place(Path(scratch) / "zephyrproject")
    for case in CASES:
        for name, data in made(case, place).items():
            target = KEPT / case.name / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
