"""tune: what it prints, what it goes on with, and what it refuses before any work."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest

from microtvm_boards.cli.exit_codes import USAGE
from tests.cli.conftest import Answer, cli

pytestmark = pytest.mark.slow

KWS = Path(__file__).resolve().parents[3] / "shared" / "models" / "kws_int8.tflite"
BOARD = ("--board", "mps2_an386")


def tune(log: Path, *args: str | Path, model: Path = KWS) -> Answer:
    return cli("tune", model, *BOARD, "--trials", "4", "-o", log, *args)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--tuner", "guess"), "'guess' is not one of 'autotvm', 'meta-schedule'"),
        (("--trials", "0"), "0 is not in the range x>=1"),
        (("--emulators", "2", "--port", "/dev/ttyACM0"), "--emulators is for emulated boards"),
        (("--option", "optimisation=speed"), 'Did you mean "optimization"'),
        (("--option", "board=host"), 'Option "board" was given twice'),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    answer = tune(tmp_path / "tuned.log", *args)
    assert answer.code == USAGE
    assert said in answer.err
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("mine\n")
    for args in [(), ("--resume",)]:
        answer = tune(notes, *args)
        assert (answer.code, notes.read_text()) == (USAGE, "mine\n")
        assert "doesn't begin a log of a tuning" in answer.err
    answer = tune(tmp_path / "missing" / "tuned.log")
    assert answer.code == USAGE and "There is no directory" in answer.err


@pytest.mark.tvm
@pytest.mark.qemu
def test_it_tunes_and_goes_on_with_a_log(tmp_path: Path) -> None:
    if importlib.util.find_spec("tvm") is None or not KWS.is_file():
        pytest.skip("needs TVM and the model")
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    log = tmp_path / "tuned.log"
    first = tune(log, "--emulators", "2")
    assert first.code == 0, first.err
    said, header, *rows, last = first.out.splitlines()
    assert said.startswith("Tried 4 kernels at ") and said.endswith(f"{log} has them all")
    assert header.split()[:2] == ["Operator", "Trials"]
    assert sum("instructions" in row for row in rows) >= 2
    compiling = f"microtvm-boards compile {KWS} --board mps2_an386 --tuning {log} -o MODEL.tar"
    assert last == f"Next: {compiling}"
    again = tune(log)
    assert again.code == USAGE
    assert "is a log of 4 trials already" in again.err and "--resume" in again.err
    more = tune(log, "--resume", "--trials", "6", "--json").json
    assert (more["trials"], more["replayed"], more["set_aside"]) == (6, 4, {})
    assert more["trials_an_hour"] > 0
    assert sum(one["trials"] for one in more["operators"]) == 6
    tried = [one for one in more["operators"] if one["trials"]]
    for one in tried:
        assert one["untuned"]["instructions"] > 0
        assert set(one["failures"]) <= {"invalid", "too large", "memory", "hang"}
        assert one["best"] is None or one["speedup"] > 0
