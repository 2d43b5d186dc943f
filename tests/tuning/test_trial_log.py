"""The log of a tuning: what is in it, and that no kill and no damage loses or doubles a trial."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microtvm_boards.errors import UsageError
from microtvm_boards.tuning.trials.log import PHASES, Trial, TrialLog, read_log
from microtvm_boards.tuning.trials.measure import Measurement

pytestmark = pytest.mark.slow

ABOUT = {"board": "mps2_an386", "model": "keywords"}
MEASURED = Measurement(
    seconds=0.25, repeats=(0.25, 0.5), outliers=(1,), number=1, spread=0.0, steady=True
)

numbers = st.floats(0, 1e9)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
measurements = st.builds(
    Measurement,
    seconds=numbers,
    repeats=st.lists(numbers, max_size=4).map(tuple),
    outliers=st.lists(st.integers(0, 3), max_size=2).map(tuple),
    number=st.integers(1, 100),
    spread=numbers,
    steady=st.booleans(),
    overhead=st.none() | numbers,
    instructions=st.none() | numbers,
)
trials = st.builds(
    Trial,
    operator=st.text(max_size=5),
    config=st.none() | st.dictionaries(st.text(), json_values, max_size=3),
    phase=st.sampled_from(PHASES),
    cause=st.sampled_from(["", "hang", "wrong"]),
    message=st.text(max_size=20),
    checked=st.booleans(),
    seconds=st.dictionaries(st.sampled_from(PHASES), numbers),
    measurement=st.none() | measurements,
    kernel_bytes=st.none() | st.integers(0, 1 << 40),
    flash_writes=st.none() | st.integers(0, 10_000),
)
many_trials = st.lists(trials, max_size=6, unique_by=lambda trial: trial.key)


def trial(number: int, **changes: Any) -> Trial:
    return Trial("conv2d", {"tile": number}, "check", measurement=MEASURED, **changes)


def written(path: Path, some: list[Trial]) -> bytes:
    path.unlink(missing_ok=True)
    with TrialLog.open(path, ABOUT) as log:
        for one in some:
            log.append(one)
    return path.read_bytes()


@given(some=many_trials)
@settings(max_examples=20, deadline=None)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, some: list[Trial]
) -> None:
    path = tmp_path_factory.mktemp("log") / "tuned.log"
    written(path, some)
    about, found = read_log(path)
    assert about == ABOUT
    assert found == some
    assert all(one.replayed for one in found)


@given(some=many_trials, data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_torn_file_keeps_its_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, some: list[Trial], data: st.DataObject
) -> None:
    """Cut anywhere, perhaps with the garbage that a lost power supply leaves behind the cut."""
    path = tmp_path_factory.mktemp("log") / "tuned.log"
    content = written(path, some)
    cut = data.draw(st.integers(0, len(content)))
    header_end = content.index(b"\n") + 1
    garbage = (
        data.draw(st.sampled_from([b"", bytes(7), b"\0\n\xff\n"])) if cut >= header_end else b""
    )
    path.write_bytes(content[:cut] + garbage)
    whole = max(0, content[:cut].count(b"\n") - 1)
    with TrialLog.open(path, ABOUT, resume=True) as log:
        for number, one in enumerate(some):
            assert (log.find(one.operator, one.config) is not None) == (number < whole)
        for one in some[whole:]:
            log.append(one)
    assert path.read_bytes() == content


def test_a_trial_is_not_in_it_twice(tmp_path: Path) -> None:
    path = tmp_path / "tuned.log"
    with TrialLog.open(path, ABOUT) as log:
        log.append(trial(1))
        with pytest.raises(ValueError, match="already"):
            log.append(trial(1))
    path.write_bytes(path.read_bytes() + path.read_bytes().splitlines(keepends=True)[1])
    assert len(read_log(path)[1]) == 1  # of two logs that were put together


def test_an_untuned_kernel_is_no_trial(tmp_path: Path) -> None:
    with TrialLog.open(tmp_path / "tuned.log", ABOUT) as log:
        log.append(Trial("conv2d", None, "check", measurement=MEASURED))
        log.append(trial(1))
        assert [one.config for one in log.trials("conv2d")] == [{"tile": 1}]
        assert log.trials("dense") == []
        assert log.find("conv2d", None) is not None


def test_a_log_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "tuned.log"
    before = written(path, [trial(1)])
    with pytest.raises(UsageError, match="1 trials already") as caught:
        TrialLog.open(path, ABOUT)
    assert "--resume" in caught.value.hint
    assert path.read_bytes() == before


def test_a_log_of_something_else_is_refused_with_the_difference(tmp_path: Path) -> None:
    path = tmp_path / "tuned.log"
    before = written(path, [trial(1)])
    with pytest.raises(UsageError, match="another tuning") as caught:
        TrialLog.open(path, {**ABOUT, "board": "host"}, resume=True)
    assert caught.value.details == ("board: mps2_an386 there, host here",)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"import os\n", b"{}\n", b'{"input": ["c", "conv2d"]}\n', b"\0\0\0", b'{"log":"other"}\n{}\n'],
)
def test_a_file_of_someone_else_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"Line 1 of .*notes\.txt doesn't begin a log"):
        TrialLog.open(path, ABOUT, resume=True)
    assert path.read_bytes() == content


def test_a_log_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tuned.log"
    path.write_bytes(written(path, []).replace(b'"version":1', b'"version":99'))
    with pytest.raises(UsageError, match="version 99, this is 1"):
        TrialLog.open(path, ABOUT, resume=True)


@pytest.mark.parametrize("damage", [b"{}\n", b"rubbish\n", b'{"operator":1,"phase":"run"}\n'])
def test_damage_in_the_middle_is_named_by_its_line(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "tuned.log"
    lines = written(path, [trial(1), trial(2)]).splitlines(keepends=True)
    lines[1] = damage
    path.write_bytes(b"".join(lines))
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"Line 2 of .*tuned\.log is no trial"):
        TrialLog.open(path, ABOUT, resume=True)
    assert path.read_bytes() == before


def test_two_at_a_time_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tuned.log"
    with TrialLog.open(path, ABOUT), pytest.raises(UsageError, match="Another tuning is writing"):
        TrialLog.open(path, ABOUT, resume=True)


def test_without_a_place_or_a_log_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be written: No such file or directory"):
        TrialLog.open(tmp_path / "missing" / "tuned.log", ABOUT)
    with pytest.raises(UsageError, match="can't be read: No such file or directory"):
        read_log(tmp_path / "tuned.log")
    (tmp_path / "empty.log").touch()
    with pytest.raises(UsageError, match="is empty"):
        read_log(tmp_path / "empty.log")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, Path(os.devnull)):
        with pytest.raises(UsageError, match="is no file"):
            TrialLog.open(path, ABOUT)
        with pytest.raises(UsageError, match="is no file"):
            read_log(path)


def test_a_full_disk_ends_it_in_words_and_loses_nothing(tmp_path: Path) -> None:
    """The kernel refuses a file above the limit as it refuses one on a full disk: in the middle."""
    path = tmp_path / "tuned.log"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with TrialLog.open(path, ABOUT) as log:
            log.append(trial(1))
            whole = path.read_bytes()
            resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 50, before[1]))
            with pytest.raises(UsageError, match="can't be written: File too large") as caught:
                log.append(trial(2))
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            assert "--resume" in caught.value.hint
            assert path.read_bytes() == whole
            log.append(trial(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, old)
    assert [one.config for one in read_log(path)[1]] == [{"tile": 1}, {"tile": 2}]


_WRITER = """
import sys
from pathlib import Path
from microtvm_boards.tuning.trials.log import Trial, TrialLog
with TrialLog.open(Path(sys.argv[1]), {}, resume=True) as log:
    for number in range(10**9):
        if log.find("add", {"tile": number}) is None:
            log.append(Trial("add", {"tile": number, }, "run", cause="crash", message="x" * 3000))
            print(number, flush=True)
"""


def test_what_was_appended_survives_a_kill(tmp_path: Path) -> None:
    """Killed again and again while it writes: nothing that `append` had returned for is lost."""
    path = tmp_path / "tuned.log"
    rng = random.Random(7)
    said: list[int] = []
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            said.append(int(writer.stdout.readline()))
            time.sleep(rng.uniform(0, 0.1))
            os.kill(writer.pid, signal.SIGKILL)
            said += map(int, writer.stdout.read().split())
    _, found = read_log(path)
    numbers = [one.config["tile"] for one in found if one.config is not None]
    assert numbers == list(range(len(numbers)))
    assert sorted(said) == sorted(set(said))
    assert set(said) <= set(numbers)
    assert len(numbers) - len(said) <= 8  # written, and killed before it could say so
    whole = path.read_bytes()
    assert json.loads(whole.splitlines()[0])["version"] == 1
