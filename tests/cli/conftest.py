"""The real program in processes of its own, and projects that it made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import DATA

PROGRAM = [sys.executable, "-m", "microtvm_boards.cli"]
SAMPLES = 4  # in tests/data/foo.npz


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Stdout as the one document that it has to be."""
        document: dict[str, Any] = json.loads(self.out)
        return document


def cli(*args: str | Path, env: Mapping[str, str] | None = None) -> Answer:
    done = subprocess.run(
        [*PROGRAM, *map(str, args)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **(env or {})},
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def firmware_that_says(
    host: Path, copy: Path, script: str, source: str = "src/app/c_harness.c"
) -> Path:
    """A copy of project `host` whose firmware is a shell script; `source` holds its main."""
    shutil.copytree(host, copy)
    (copy / source).write_text(
        "#include <unistd.h>\n"
        f'int main(void) {{ return execl("/bin/sh", "sh", "-c", {json.dumps(script)}, '
        "(char *)0); }\n"
    )
    built = cli("build", copy)
    assert built.code == 0, built.err
    return copy


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .npz with the inputs of model foo."""
    path = tmp_path_factory.mktemp("inputs") / "inputs.npz"
    with np.load(DATA / "foo.npz") as arrays:
        np.savez(path, zeta=arrays["in_zeta"], alpha=arrays["in_alpha"])
    return path


@pytest.fixture(scope="session")
def create_and_build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    def make(mlf: str | Path, *options: str | Path, entrypoint: str = "c") -> Path:
        project = tmp_path_factory.mktemp("made") / "project"
        tar = mlf if isinstance(mlf, Path) else DATA / f"{mlf}.tar"
        created = cli("create", tar, project, "--model-entrypoint-api", entrypoint, *options)
        assert created.code == 0, created.err
        built = cli("build", project)
        assert built.code == 0, built.err
        return project

    return make


@pytest.fixture(scope="session")
def host(create_and_build: Callable[..., Path]) -> Path:
    """Model foo, built for this computer, no samples baked in. Not to be changed."""
    return create_and_build("foo_c", "--board", "host")


@pytest.fixture(scope="session")
def baked(create_and_build: Callable[..., Path], inputs: Path) -> Path:
    """The same with the samples of foo.npz baked in. Not to be changed."""
    return create_and_build("foo_c", "--board", "host", "--sample-inputs", inputs)
