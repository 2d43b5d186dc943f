"""A project of two models, and a child process that behaves as its firmware."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.boards import load_board
from microtvm_boards.model import Executor, Interface, Quantization, Tensor
from microtvm_boards.project.manifest import ProjectModel
from microtvm_boards.project.project import Project
from microtvm_boards.transports.process import ProcessTransport
from tests.manifests import manifest


def _model(name: str, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]) -> ProjectModel:
    return ProjectModel(
        name=name,
        c_name=name,
        executor=Executor.AOT,
        interface=Interface.C,
        entry=f"tvmgen_{name}_run",
        targets=("c",),
        workspace_bytes=0,
        inputs=inputs,
        outputs=outputs,
        notes=(),
    )


MODELS = (
    _model(
        "first",
        inputs=(
            Tensor("a", "int8", (2, 3), 6, Quantization(0.5, -3)),
            Tensor("b", "float32", (4,), 16),
        ),
        outputs=(
            Tensor("sum", "int32", (), 4),
            Tensor("half", "float16", (4,), 8),
            Tensor("signs", "bool", (2,), 2),
        ),
    ),
    _model(
        "second",
        inputs=(Tensor("x", "uint8", None, 5),),
        outputs=(Tensor("y", "uint8", None, 5),),
    ),
)


def project_with(samples: int = 0, entrypoint: str = "c", app: str = "harness") -> Project:
    made = manifest("host", entrypoint, models=MODELS, app=app, sample_count=samples)
    return Project(Path("project"), made, load_board("host"))


@pytest.fixture
def device() -> Callable[[str], ProcessTransport]:
    """`device("good")`: a transport, not yet open, to tests/harness/device.py."""
    script = str(Path(__file__).with_name("device.py"))
    return lambda behaviour: ProcessTransport([sys.executable, "-I", script, behaviour])
