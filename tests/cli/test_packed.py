"""run and monitor on projects with the entry point packed: the same answers, the same shapes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.cli.commands.run import _shown
from microtvm_boards.cli.output import Work
from microtvm_boards.errors import DeviceError, UsageError
from microtvm_boards.rpc.frames import encode
from tests.cli.conftest import SAMPLES, cli, firmware_that_says
from tests.cli.test_monitor import line, running
from tests.conftest import DATA
from tests.rpc.wire_device import message

pytestmark = pytest.mark.tools

SOURCE = "src/app/packed.c"


@pytest.fixture(scope="session")
def packed(create_and_build: Callable[..., Path]) -> Path:
    """Model foo with the entry point packed, built for this computer. Not to be changed."""
    return create_and_build("foo_packed", "--board", "host", entrypoint="packed")


def test_run_gives_the_answers_of_a_c_project(packed: Path, host: Path, inputs: Path) -> None:
    over_rpc = cli("run", packed, "--inputs", inputs, "--json")
    assert over_rpc.code == 0, over_rpc.err
    harness = cli("run", host, "--inputs", inputs, "--json").json
    assert over_rpc.json.keys() == harness.keys()
    assert len(over_rpc.json["samples"]) == SAMPLES
    for mine, other in zip(over_rpc.json["samples"], harness["samples"], strict=True):
        assert mine.keys() == other.keys()
        # Names of outputs differ between kinds of export; their order doesn't.
        assert list(mine["outputs"].values()) == list(other["outputs"].values())
        assert mine["status"] == "MTVM_OK" and mine["ticks"] > 0
        assert mine["stack_bytes"] is None  # not measured


def test_run_saves_outputs_and_prints_a_table(packed: Path, inputs: Path, tmp_path: Path) -> None:
    file = tmp_path / "outputs.npz"
    answer = cli("run", packed, "--inputs", inputs, "--outputs", file)
    assert answer.code == 0, answer.err
    assert f"Ran {SAMPLES} samples of foo on host" in answer.out
    assert answer.out.count("MTVM_OK") == SAMPLES
    assert "Stack" not in answer.out
    with np.load(file) as saved, np.load(DATA / "foo.npz") as expected:
        for got, want in zip(saved.values(), ("out_scores", "out_features"), strict=True):
            np.testing.assert_array_equal(got.reshape(expected[want].shape), expected[want])


def test_run_needs_inputs_and_a_known_model(packed: Path, inputs: Path) -> None:
    answer = cli("run", packed)
    assert answer.code == UsageError.exit_code and "--inputs" in answer.err
    answer = cli("run", packed, "--inputs", inputs, "--model", "fooo")
    assert answer.code == UsageError.exit_code and 'Did you mean "foo"' in answer.err


def test_a_device_that_says_nothing_ends_in_an_error(
    packed: Path, inputs: Path, tmp_path: Path
) -> None:
    project = firmware_that_says(packed, tmp_path / "p", "exec sleep 60", SOURCE)
    answer = cli("run", project, "--inputs", inputs, "--timeout", "0.3", "--json")
    assert answer.code == DeviceError.exit_code
    assert "silent" in answer.json["error"]["cause"]


def test_the_firmware_of_another_project_is_recognized(
    packed: Path, create_and_build: Callable[..., Path], inputs: Path, tmp_path: Path
) -> None:
    other = create_and_build("shapes_packed", "--board", "host", entrypoint="packed")
    project = tmp_path / "p"
    shutil.copytree(other, project)
    shutil.copy(packed / "project.json", project)
    answer = cli("run", project, "--inputs", inputs)
    assert answer.code == DeviceError.exit_code
    assert "another project" in answer.err


def test_monitor_prints_log_messages_and_what_is_outside_of_frames(
    packed: Path, tmp_path: Path
) -> None:
    said = tmp_path / "said"
    said.write_bytes(
        b"bootloader 1.2\n\xfe" + message(0, 2) + message(0, 3, b"all is well\r\n") + encode(b"?")
    )
    project = firmware_that_says(packed, tmp_path / "p", f"exec cat '{said}'", SOURCE)
    lines = [
        "bootloader 1.2",
        "[the firmware waits for a session]",
        "all is well",
        "[a frame of 1 bytes]",
    ]
    answer = cli("monitor", project, "--json")
    assert answer.code == 0, answer.err
    assert answer.json["lines"] == lines
    assert cli("monitor", project).out.splitlines() == lines


def test_monitor_shows_at_once_that_the_firmware_is_up(packed: Path) -> None:
    with running("monitor", packed) as monitor:
        assert line(monitor) == "[the firmware waits for a session]"


def test_a_large_upload_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    work = Work()
    monkeypatch.setattr(work, "status", shown.append)
    monkeypatch.setattr("microtvm_boards.cli.commands.run._UPDATE_SECONDS", 0)
    _shown(work, 3)(2048, 1 << 20)
    assert shown == ["sample 3: 2,048 of 1,048,576 bytes are up"]


def test_a_terminal_sees_progress(packed: Path, inputs: Path) -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "microtvm_boards.cli", "run", str(packed), "--inputs", str(inputs)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=60,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
        check=True,
    )
    os.close(theirs)
    seen = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert "Running foo on host" in seen
    assert f"{SAMPLES}/{SAMPLES}" in seen
