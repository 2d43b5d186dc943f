from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from microtvm_boards.project import parse_options
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.tuning.host.kernel_host import KernelHost
from microtvm_boards.tuning.trials.log import TrialLog
from microtvm_boards.tuning.trials.trials import TrialOptions, Trials
from tests.tuning import kernels

EMULATED = "mps2_an386"
START = Callable[..., Trials]


def prepare(board: str, **options: object) -> KernelHost:
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if board != "host" and shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    raw = {"board": board, "model_entrypoint_api": "packed", **options}
    return KernelHost.prepare(parse_options(raw, "generate_project"))


@pytest.fixture(scope="session")
def emulated() -> KernelHost:
    return prepare(EMULATED)


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[START]:
    """`start(host, boards=2, resume=True, ...)`: Trials that are logged in tmp_path/tuned.log."""
    with ExitStack() as undo:

        def begin(
            host: KernelHost, *, boards: int = 1, resume: bool = False, **options: object
        ) -> Trials:
            log = undo.enter_context(TrialLog.open(tmp_path / "tuned.log", {}, resume=resume))
            devices = [DeviceOptions()] * boards
            chosen = TrialOptions(**{"workers": 2, **options})  # type: ignore[arg-type]
            return undo.enter_context(Trials(host, devices, log, make=kernels.make, options=chosen))

        yield begin
