"""A tuning that is killed at random points and gone on with: no trial is lost or counted twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from microtvm_boards.tuning.host.kernel_host import KernelHost
from microtvm_boards.tuning.trials.log import read_log
from microtvm_boards.tuning.trials.scratch import scratch_directory
from tests.processes import alive_after, descendants
from tests.tuning import kernels
from tests.tuning.conftest import EMULATED, prepare

pytestmark = pytest.mark.qemu

ROOT = Path(__file__).parents[2]
COUNT = 40
KILLS = 4
BODIES = ["good", "failed", "syntax", "slow", "wrong"]


def tune(path: Path) -> None:
    """What is killed: COUNT trials on two boards, each printed once it is known to the tuner."""
    from microtvm_boards.project.options.device import DeviceOptions
    from microtvm_boards.tuning.trials.log import TrialLog
    from microtvm_boards.tuning.trials.trials import TrialOptions, Trials

    host = prepare(EMULATED)
    options = TrialOptions(workers=2)
    with (
        TrialLog.open(path, {"board": EMULATED}, resume=True) as log,
        Trials(host, [DeviceOptions()] * 2, log, make=kernels.make, options=options) as trials,
    ):
        trials.begin(kernels.operator())
        candidates = (kernels.candidate(BODIES[n % len(BODIES)], n) for n in range(COUNT))
        for trial in trials.run(kernels.operator(), candidates):
            assert trial.config is not None
            print(trial.config["number"], trial.replayed, flush=True)


def test_killed_at_random_points_it_loses_and_doubles_nothing(
    emulated: KernelHost, tmp_path: Path
) -> None:
    path = tmp_path / "tuned.log"
    rng = random.Random(20)
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # a killed one leaves files there
    ran: list[int] = []
    before = 0
    for kill in [True] * KILLS + [False]:
        command = [sys.executable, "-c", f"from {__name__} import tune; from pathlib import Path; "]
        command[-1] += f"tune(Path({str(path)!r}))"
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        ) as tuning:
            assert tuning.stdout is not None
            said = []
            if kill:  # some time after the first trial that it hadn't known
                while not said or said[-1].split()[1] == "True":
                    said.append(tuning.stdout.readline())
                time.sleep(rng.uniform(0, 0.4))
                children = descendants(tuning.pid)
                os.kill(tuning.pid, signal.SIGKILL)
            said += tuning.stdout.read().splitlines()
        if kill:
            assert not alive_after(children)  # emulators and workers die with it
        words = [line.split() for line in said]
        ran += [int(number) for number, replayed in words if replayed == "False"]
        assert sum(replayed == "True" for _, replayed in words) == before
        before = len([trial for trial in read_log(path)[1] if trial.config is not None])
    _, (untuned, *trials) = read_log(path)
    assert untuned.config is None
    numbers = [trial.config["number"] for trial in trials if trial.config is not None]
    assert sorted(numbers) == list(range(COUNT))
    # Each ran once, but for those that were in the log before the tuner could be told.
    assert max(Counter(ran).values()) == 1
    assert COUNT - KILLS <= len(ran) <= COUNT
    assert len(path.read_bytes().splitlines()) == COUNT + 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_leaves_nothing_behind(
    emulated: KernelHost, tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "tuned.log"
    code = "import signal, sys; from pathlib import Path; "
    code += "signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)); "
    code += f"from {__name__} import tune; tune(Path({str(path)!r}))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    ) as tuning:
        assert tuning.stdout is not None
        tuning.stdout.readline()
        children = descendants(tuning.pid)
        assert children
        tuning.send_signal(number)
        tuning.wait(10)
        assert not alive_after(children)
    assert len(read_log(path)[1]) >= 2


def test_what_a_killed_one_left_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch_directory() as own:
        left = tmp_path / f"{own.name}-left"
        young = tmp_path / f"{own.name}-young"
        for directory in (left, young):
            directory.mkdir()
            (directory / "lock").touch()
            (directory / "kernel.c").touch()
        for path in (left / "lock", own / "lock"):
            os.utime(path, (1, 1))
        with scratch_directory() as other:
            assert own.is_dir() and other.is_dir() and young.is_dir()
            assert not left.exists()
    assert list(tmp_path.iterdir()) == [young]
