"""Models of a real firmware over a pty with a bad line: a right tensor or an error, then it works.

And what must not stay behind when the computer's side is killed.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import Project
from microtvm_boards.rpc import Device, ModelInfo, Pace, SessionError
from microtvm_boards.rpc.codecs import classic
from microtvm_boards.run import connect
from tests.conftest import DATA, DIGITS, PATIENCE, series
from tests.end_to_end.firmware import Arrays, need_tools, read_family
from tests.faults.damage import Damage, random_damage
from tests.faults.line import PtyLine
from tests.processes import alive_after, descendants

pytestmark = pytest.mark.tools

RUNS = series(50, 150)  # damaged ones, of each kind of model
PACE = Pace(baud=10_000_000, grace=0.1, first_run=0.5, start=2.0, retry=0.05)
BYTES = 1200  # of one run with a new executor, about, each way


def built(make_project: Callable[..., Project], mlf: str | Path, **options: object) -> Project:
    project = make_project(mlf, model_entrypoint_api="packed", **options)
    need_tools(project)
    get_platform(project.platform).build(project)
    return project


def equal(outputs: Arrays, expected: Arrays) -> bool:
    # Names of outputs differ between kinds of export; their order doesn't.
    pairs = zip(outputs.values(), expected.values(), strict=True)
    return all(np.array_equal(got.reshape(want.shape), want) for got, want in pairs)


@pytest.mark.parametrize("mlf", ["foo_packed", "foo_c"])
def test_a_tensor_over_a_bad_line_is_right_or_an_error(
    make_project: Callable[..., Project], mlf: str
) -> None:
    project = built(make_project, mlf)
    inputs, expected = read_family(DATA / "foo.npz")
    line = PtyLine([str(get_platform("host").firmware(project))])
    models = [ModelInfo(model.name, model.inputs, model.outputs) for model in project.models]
    rng = random.Random(8)
    outcomes: Counter[str] = Counter()
    device = Device(line, classic, models=models, pace=PACE, on_log=lambda text: None)
    device.open()
    with device:
        model = device.model()
        for number in range(RUNS):
            sample = number % len(inputs)
            damages: tuple[list[Damage], list[Damage]] = ([], [])
            for _ in range(rng.choice((1, 1, 3))):
                damages[rng.randrange(2)].append(random_damage(rng, BYTES // 2, stall=0.1))
            line.damage(*damages, chunk=rng.choice(((0, 0), (1, 5), (50, 3000))), seed=number)
            if rng.random() < 0.3:
                device.session.abandon()
            began = time.monotonic()
            try:
                outputs = model.run(inputs[sample])
            except MicroTvmBoardsError as error:
                seen = getattr(error, "seen", None)
                outcomes[seen.value if seen is not None else type(error).__name__] += 1
            else:
                assert equal(outputs, expected[sample])
                outcomes["right"] += 1
            assert time.monotonic() - began < PATIENCE
            line.damage()
            recover(device, inputs[0], expected[0])
    print(f"{sum(outcomes.values())} runs of {mlf}: {dict(outcomes.most_common())}")
    assert 0 < outcomes["right"] < RUNS


def recover(device: Device, inputs: Arrays, expected: Arrays) -> None:
    """With a line that is whole again, at most what is still on it may spoil one run."""
    for attempt in range(2):
        try:
            assert equal(device.model().run(inputs), expected)
            return
        except MicroTvmBoardsError:
            if attempt:
                raise


@pytest.mark.qemu
def test_a_flood_while_the_model_runs_does_not_silence_the_board(
    make_project: Callable[..., Project],
) -> None:
    """More comes than the receive ring holds; then an ordinary run works."""
    project = built(make_project, DIGITS / "digits_c.tar", board="mps2_an386")
    with np.load(DIGITS / "test_images.npz") as archive:
        image, logits = {"image": archive["image"][0]}, {"logits": archive["reference"][0]}
    # The default deadline would be minutes.
    with connect(project, pace=Pace(grace=20.0, start=5.0, margin=3.0)) as device:
        model = device.model()
        began = time.monotonic()
        model.time(number=1000, inputs=image)
        runs = round(2500 / (time.monotonic() - began))  # for 2.5 seconds
        garbage = random.Random(9).randbytes(30_000)
        flood = threading.Timer(0.5, device._transport.write, (garbage, 30.0))
        flood.start()
        with suppress(SessionError):  # garbage takes the answer along
            model.time(number=runs)
        flood.join()
        recover(device, image, logits)


@pytest.mark.qemu
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_emulator_outlives_a_killed_client(
    make_project: Callable[..., Project], number: signal.Signals
) -> None:
    project = built(make_project, "foo_c", board="mps2_an386")
    code = f"""
from microtvm_boards.run import connect
device = connect({str(project.directory)!r})
print("up", flush=True)
while True:
    device.call("tvm.rpc.server.GetCRTMaxPacketSize")
"""
    client = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with client:
        assert client.stdout is not None
        assert client.stdout.readline() == "up\n"
        children = descendants(client.pid)
        assert children
        client.send_signal(number)
        assert not alive_after(children)
