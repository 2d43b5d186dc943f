"""Trials on emulated boards: each way to fail is its own cause, and the next trial runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from microtvm_boards.errors import DeviceError, UsageError
from microtvm_boards.flashers.wear import count_write
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.rpc import Device
from microtvm_boards.tuning.host.kernel_host import KernelHost
from microtvm_boards.tuning.trials.bench import TrialFailedError
from microtvm_boards.tuning.trials.candidate import KernelCandidate
from microtvm_boards.tuning.trials.log import Trial, TrialLog, read_log
from microtvm_boards.tuning.trials.measure import Limits
from microtvm_boards.tuning.trials.summary import summarize
from microtvm_boards.tuning.trials.trials import CAUSES, TrialOptions, Trials
from tests.conftest import PATIENCE
from tests.tuning import kernels
from tests.tuning.conftest import START

pytestmark = pytest.mark.qemu

ONCE = Limits(spread=1.0, least=1, most=1, repeat_seconds=0.0)
# What each kernel ends as: phase, cause, and words of its message.
ENDS = {
    "good": ("check", "", ""),
    "hang": ("run", "hang", "silent"),
    "crash": ("run", "crash", "The device said: fault "),
    "stack": ("run", "crash", "mps2_an386 was ended by signal SIGABRT"),
    "workspace": ("run", "memory", "a kernel asked for 1073741824 B of workspace"),
    "failed": ("run", "failed", "a kernel failed"),
    "syntax": ("build", "compile", "kernel.c:13: expected expression"),
    "unlinked": ("link", "link", 'undefined reference to "mtvm_nobody_has_this"'),
    "large": ("preflight", "too large", "window"),
    "no configuration": ("build", "invalid", "This configuration makes no sense."),
    "dies": ("build", "invalid", "was ended by signal SIGABRT"),
    "wrong": ("check", "wrong", "not those of the untuned kernel"),
    "half": ("check", "wrong", "not those of the untuned kernel"),
    "lazy": ("check", "wrong", "not those of the untuned kernel"),
    "adding": ("check", "wrong", "not those of the untuned kernel"),
}


def tried(trials: Trials, *candidates: KernelCandidate) -> list[Trial]:
    return list(trials.run(kernels.operator(), candidates))


def test_each_way_to_fail_has_its_own_cause_and_the_next_trial_runs(
    emulated: KernelHost, start: START
) -> None:
    with start(emulated, patience=0.0) as trials:
        untuned = trials.begin(kernels.operator())
        assert untuned.checked and untuned.measurement is not None
        for number, body in enumerate(ENDS):
            bad, good = tried(trials, kernels.candidate(body, number)), []
            phase, cause, words = ENDS[body]
            assert (bad[0].phase, bad[0].cause) == (phase, cause), bad[0].message
            assert words in bad[0].message
            if phase in ("run", "check"):  # it has been on the board
                good = tried(trials, kernels.candidate("good", 100 + number))
                assert good[0].good and good[0].checked
        best = trials.best("triple_add")
    assert best is not None and best.config is not None and best.config["body"] == "good"
    assert {cause for _, cause, _ in ENDS.values()} - {""} == set(CAUSES) - {"load"}


def test_the_log_explains_each_trial(emulated: KernelHost, start: START, tmp_path: Any) -> None:
    with start(emulated) as trials:
        trials.begin(kernels.operator())
        tried(trials, kernels.candidate("good"), kernels.candidate("failed"))
    _, (untuned, *rest) = read_log(tmp_path / "tuned.log")
    good, failed = sorted(rest, key=lambda trial: trial.cause)
    assert untuned.config is None
    assert good.config == {"body": "good", "number": 0, "work": 0}
    assert set(good.seconds) == {"build", "load", "run", "check", "wait"}
    assert set(failed.seconds) == {"build", "load", "run", "wait"}
    assert all(0 <= seconds < 60 for seconds in good.seconds.values())
    assert (good.board, good.device) == ("mps2_an386", "mps2_an386 1")
    assert good.firmware_sha256 == emulated.firmware_sha256
    assert len(good.kernel_sha256) == 64 and good.kernel_bytes and good.kernel_bytes > 50
    assert good.flash_writes is None  # an emulator's flash doesn't wear
    assert good.at.endswith("+00:00")
    assert good.measurement is not None and untuned.measurement is not None
    assert good.measurement.instructions and good.measurement.instructions < 2000
    assert good.measurement.steady and good.measurement.overhead
    (summary,) = summarize([untuned, *rest])
    assert (summary.trials, dict(summary.failures)) == (2, {"failed": 1})
    assert summary.best == good
    assert summary.speedup and summary.speedup > 50


def test_instructions_are_counted_as_they_are(emulated: KernelHost, start: START) -> None:
    """A loop of n rounds takes n times what one takes, whatever the timer itself takes."""
    with start(emulated) as trials:
        trials.begin(kernels.operator())
        works = [1_000, 2_000, 4_000]
        done = tried(trials, *(kernels.candidate("slow", work=work) for work in works))
    cost = {t.config["work"]: t.measurement.cost for t in done if t.config and t.measurement}
    first, second = cost[2_000] - cost[1_000], cost[4_000] - cost[2_000]
    assert second == pytest.approx(2 * first, rel=0.002)


def test_a_kernel_with_parts_left_out_is_checked_when_it_would_win(
    emulated: KernelHost, start: START
) -> None:
    with start(emulated) as trials:
        trials.begin(kernels.operator())
        (first,) = tried(trials, kernels.candidate("good", partial=True))
        assert first.good and first.checked  # by its complete kernel
        (slower,) = tried(trials, kernels.candidate("slow", 1, work=5_000))
        assert slower.good and slower.checked  # has all its parts: its outputs cost nothing
        (wrong,) = tried(trials, kernels.candidate("wrong", 2, partial=True))
        assert (wrong.cause, wrong.checked) == ("wrong", True) or not wrong.checked
        assert trials.best("triple_add") == first


def test_a_kernel_that_writes_where_it_should_not_harms_no_other(
    emulated: KernelHost, start: START
) -> None:
    with start(emulated, workers=1) as trials:
        trials.begin(kernels.operator())
        done = tried(
            trials,
            *(kernels.candidate(b, n) for n, b in enumerate(["scribbling", "good", "good"])),
        )
    assert [trial.cause for trial in done[1:]] == ["", ""]
    assert all(trial.checked for trial in done)


def test_a_candidate_that_was_tried_is_not_tried_again(
    emulated: KernelHost, start: START, tmp_path: Any
) -> None:
    with start(emulated) as trials:
        trials.begin(kernels.operator())
        first = tried(trials, kernels.candidate("good"), kernels.candidate("failed"))
        again = tried(trials, *[kernels.candidate("good")] * 3)
        twice = tried(trials, *[kernels.candidate("good", 7)] * 3)
        best = trials.best("triple_add")
    assert not any(trial.replayed for trial in first)
    assert [trial.replayed for trial in again] == [True, True, True]
    assert [trial.replayed for trial in twice] == [False, True, True]
    assert len(read_log(tmp_path / "tuned.log")[1]) == 1 + 3
    trials._log.close()
    with start(emulated, resume=True) as trials:
        trials.begin(kernels.operator())
        assert all(trial.replayed for trial in tried(trials, *[kernels.candidate("good")] * 2))
        assert trials.best("triple_add") == best


def test_a_tuner_learns_while_others_run(emulated: KernelHost, start: START) -> None:
    """Candidates are taken one by one, in this thread, when there is room for them."""
    with start(emulated, workers=1) as trials:
        trials.begin(kernels.operator())
        known: list[Trial] = []
        seen: list[int] = []

        def ask() -> Iterator[KernelCandidate]:
            for number in range(8):
                seen.append(len(known))
                yield kernels.candidate("good", number)

        for trial in trials.run(kernels.operator(), ask()):
            known.append(trial)
    assert len(known) == 8
    assert seen == sorted(seen)
    assert seen[0] == 0 and seen[-1] == 8 - trials._depth


def test_an_untuned_kernel_that_fails_is_said_at_once(emulated: KernelHost, start: START) -> None:
    with start(emulated) as trials:
        broken = replace(kernels.operator(), reference=kernels.sources("failed"))
        with pytest.raises(TrialFailedError, match="The untuned kernel of triple_add doesn't run"):
            trials.begin(broken)
        with pytest.raises(UsageError, match="was not begun"):
            tried(trials, kernels.candidate("good"))
        trials.begin(kernels.operator())
        with pytest.raises(UsageError, match="tuned already"):
            trials.begin(kernels.operator())


def test_leaving_ends_what_is_under_way(emulated: KernelHost, start: START, tmp_path: Any) -> None:
    with start(emulated) as trials:
        trials.begin(kernels.operator())
        run = trials.run(
            kernels.operator(),
            (kernels.candidate(b, n) for n, b in enumerate(["syntax", "hang", "hang", "never"])),
        )
        assert next(run).cause == "compile"
        began = time.monotonic()
    assert time.monotonic() - began < PATIENCE
    assert len(read_log(tmp_path / "tuned.log")[1]) == 2


class Changed:
    """The kernel host, of which subclasses change something."""

    def __init__(self, host: KernelHost) -> None:
        self._host = host

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)


class Unplugged(Changed):
    """Boards with these ports can be opened only so many times."""

    def __init__(self, host: KernelHost, times: dict[str | None, int]) -> None:
        super().__init__(host)
        self._times = times

    def open(self, device: DeviceOptions, **more: Any) -> Device:
        self._times[device.port] = self._times.get(device.port, 1000) - 1
        if self._times[device.port] < 0:
            raise DeviceError("It is not plugged in.", hint="plug it in")
        return self._host.open(replace(device, port=None), **more)


def two_boards(host: Any, path: Any, **options: Any) -> tuple[TrialLog, Trials, dict[str, str]]:
    said: dict[str, str] = {}
    log = TrialLog.open(path / "tuned.log", {})
    devices = [DeviceOptions(port="one"), DeviceOptions(port="two")]
    trials = Trials(host, devices, log, make=kernels.make, on_set_aside=said.__setitem__)
    return log, trials, said


def test_a_board_that_fails_twice_is_set_aside_and_the_work_goes_on(
    emulated: KernelHost, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Board two runs until a kernel takes it down; then it doesn't come back."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for _ in range(3):
        count_write("mps2_an386 (no serial number)")
    log, trials, said = two_boards(Unplugged(emulated, {"two": 1}), tmp_path)
    bodies = ["good", "failed", "good", "crash", "crash", "good", "crash", "good", "good", "good"]
    with log, trials:
        trials.begin(kernels.operator())
        done = tried(trials, *(kernels.candidate(b, n) for n, b in enumerate(bodies)))
        assert trials.set_aside == said
    assert len(done) == len(bodies)
    assert sorted(trial.cause for trial in done) == [""] * 6 + ["crash"] * 3 + ["failed"]
    assert list(said) == ["two"]
    # Neither port has a serial number: their flash is counted together.
    assert {trial.flash_writes for trial in done if trial.phase == "check"} == {3}
    assert "It is not plugged in." in said["two"]


def test_without_any_board_it_ends_and_says_why(emulated: KernelHost, tmp_path: Any) -> None:
    log, trials, said = two_boards(Unplugged(emulated, {"one": 0, "two": 0}), tmp_path)
    with log, trials, pytest.raises(DeviceError, match="No board is left") as caught:
        trials.begin(kernels.operator())
    assert set(said) == {"one", "two"}
    assert "one: It is not plugged in." in str(caught.value)
    assert "--resume" in caught.value.hint


def test_boards_that_make_no_sense_are_refused(emulated: KernelHost, tmp_path: Any) -> None:
    with TrialLog.open(tmp_path / "tuned.log", {}) as log:
        with pytest.raises(UsageError, match="There is no board"):
            Trials(emulated, [], log, make=kernels.make)
        with pytest.raises(UsageError, match="Board x was given twice"):
            Trials(emulated, [DeviceOptions(port="x")] * 2, log, make=kernels.make)


class Together(Changed):
    """Once there is a `barrier`, no kernel is loaded before as many as it asks for are about to."""

    barrier = threading.Barrier(1)

    def load(self, *arguments: Any) -> Any:
        self.barrier.wait(PATIENCE)
        return self._host.load(*arguments)


def test_four_boards_work_at_the_same_time(emulated: KernelHost, tmp_path: Any) -> None:
    host = Together(emulated)
    log = TrialLog.open(tmp_path / "tuned.log", {})
    options = TrialOptions(workers=2, measuring=ONCE)
    four: list[DeviceOptions] = [DeviceOptions()] * 4
    with log, Trials(host, four, log, make=kernels.make, options=options) as trials:  # type: ignore[arg-type]
        trials.begin(kernels.operator())
        host.barrier = threading.Barrier(4)
        done = tried(trials, *(kernels.candidate("good", n) for n in range(8)))
    assert all(trial.good for trial in done)
    assert len({trial.device for trial in done}) == 4
