"""Real `packed` firmware for the tests of the client, and what its answers have to be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from tests.conftest import DATA
from tests.end_to_end.firmware import Arrays, need_tools

MakeProject = Callable[..., Project]
BOARDS = ["host", pytest.param("mps2_an386", marks=pytest.mark.qemu)]
ON_BOARDS = ("board", "name", "runtime")


def on_boards(cases: list[tuple[str, ...]]) -> list[Any]:
    """Parameters ON_BOARDS, marked where they need QEMU; the runtime is ours unless named."""
    qemu = pytest.mark.qemu
    return [
        pytest.param(*(*c, "own")[:3], marks=() if c[0] == "host" else qemu, id="-".join(c))
        for c in cases
    ]


def built(make_project: MakeProject, mlf: str | Path, **options: object) -> Project:
    project = make_project(mlf, model_entrypoint_api="packed", **options)
    need_tools(project)
    get_platform(project.platform).build(project)
    return project


def check(outputs: Arrays, expected: Arrays, exact: bool = True) -> None:
    # Names of outputs differ between kinds of export; their order doesn't.
    assert len(outputs) == len(expected)
    for got, want in zip(outputs.values(), expected.values(), strict=True):
        if exact:
            np.testing.assert_array_equal(got.reshape(want.shape), want)
        else:
            np.testing.assert_allclose(got.reshape(want.shape), want, rtol=1e-5, atol=1e-6)


def built_once(factory: pytest.TempPathFactory, mlf: str, **options: object) -> Project:
    from microtvm_boards.project import create, parse_options

    raw = {"board": "host", "model_entrypoint_api": "packed", **options}
    parsed = parse_options(raw, "generate_project")
    project = create(DATA / f"{mlf}.tar", factory.mktemp(mlf) / "project", parsed)
    need_tools(project)
    get_platform(project.platform).build(project)
    return project
