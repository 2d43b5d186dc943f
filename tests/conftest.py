"""What the tests of all rooms share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.project import Project, create, parse_options

DATA = Path(__file__).parent / "data"
DIGITS = Path(__file__).parent.parent / "examples" / "digits"


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """`make_project("foo_c", board="host", ...)`: a project of tests/data/foo_c.tar (or a path)."""
    made = 0

    def make(mlf: str | Path, **options: object) -> Project:
        nonlocal made
        made += 1
        path = mlf if isinstance(mlf, Path) else DATA / f"{mlf}.tar"
        raw: dict[str, object] = {"board": "host", "model_entrypoint_api": "c", **options}
        crt = raw.pop("standalone_crt_dir", None)
        parsed = parse_options(
            raw, "generate_project", standalone_crt_dir=None if crt is None else str(crt)
        )
        return create(path, tmp_path / f"project{made}", parsed)

    return make
