"""The process in which kernels are made: whatever happens in there, the next kernel is made."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest

from microtvm_boards.tuning.trials.build_worker import BuildWorker, MakeError
from tests.conftest import PATIENCE
from tests.tuning import kernels


@pytest.fixture
def worker() -> Iterator[BuildWorker]:
    made = BuildWorker(kernels.make)
    yield made
    made.close()


def test_a_kernel_is_made(worker: BuildWorker) -> None:
    for number in range(3):
        made = worker.make(kernels.candidate("slow", work=number), False, 20)
        assert made == kernels.sources("slow", number)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("no configuration", r"This configuration makes no sense\.\nTry: another one"),
        ("exception", r"ValueError in kernels\.py:\d+: cannot divide by 0"),
        ("dies", r"was ended by signal SIGABRT\.\n  out of memory"),
        ("nothing", "`make` gave NoneType where KernelSources are due"),
    ],
)
def test_what_fails_says_why_and_the_next_one_is_made(
    worker: BuildWorker, body: str, said: str
) -> None:
    with pytest.raises(MakeError, match=said):
        worker.make(kernels.candidate(body), False, 20)
    assert worker.make(kernels.candidate("good"), False, 20) == kernels.sources("good")


@pytest.mark.slow
def test_what_never_ends_is_ended(worker: BuildWorker) -> None:
    worker.make(kernels.candidate("good"), False, 20)
    with pytest.raises(MakeError, match=r"took more than 0\.5 s"):
        worker.make(kernels.candidate("never"), False, 0.5)
    assert worker.make(kernels.candidate("good"), False, 20) == kernels.sources("good")


def test_its_death_between_two_kernels_is_told(worker: BuildWorker) -> None:
    worker.make(kernels.candidate("good"), False, 20)
    assert worker._child is not None
    os.kill(worker._child.pid, signal.SIGKILL)
    with pytest.raises(MakeError, match="was ended by signal SIGKILL"):
        worker.make(kernels.candidate("good"), False, 20)
    worker.make(kernels.candidate("good"), False, 20)


def test_closing_it_ends_what_waits(worker: BuildWorker) -> None:
    worker.make(kernels.candidate("good"), False, 20)
    threading.Timer(0.3, worker.close).start()
    began = time.monotonic()
    with pytest.raises(MakeError, match="is gone"):
        worker.make(kernels.candidate("never"), False, 600)
    assert time.monotonic() - began < PATIENCE
    with pytest.raises(MakeError, match="is closed"):
        worker.make(kernels.candidate("good"), False, 20)


def test_a_function_that_the_worker_cannot_import_is_named() -> None:
    worker = BuildWorker(partial(kernels.make, no_such_argument=1))
    with pytest.raises(MakeError, match="no_such_argument"):
        worker.make(kernels.candidate("good"), False, 20)
    worker.close()
