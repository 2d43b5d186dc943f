"""run: samples in, outputs and measurements out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.cli.exit_codes import USAGE
from microtvm_boards.errors import DeviceError, TransportTimeoutError
from tests.cli.conftest import SAMPLES, cli, firmware_that_says
from tests.conftest import DATA

pytestmark = pytest.mark.tools


def expected() -> dict[str, Any]:
    with np.load(DATA / "foo.npz") as arrays:
        return {n.removeprefix("out_"): arrays[n] for n in arrays.files if n.startswith("out_")}


def test_run_gives_the_outputs_that_tvm_gives(host: Path, inputs: Path, tmp_path: Path) -> None:
    saved = tmp_path / "outputs.npz"
    answer = cli("run", host, "--inputs", inputs, "--outputs", saved)
    assert (answer.code, answer.err) == (0, "")
    with np.load(saved) as outputs:
        for name, array in expected().items():
            np.testing.assert_array_equal(outputs[name], array)
    first, header, *rows, last = answer.out.splitlines()
    assert first.startswith(f"Ran {SAMPLES} samples of foo on host in ")
    assert header.split() == ["Sample", "Ticks", "Status", "scores", "features"]
    scores = " ".join(str(v) for v in expected()["scores"][0].reshape(-1))
    assert scores in rows[0]
    assert last == f"Saved the outputs to {saved}"


def test_run_gives_all_of_it_as_json(host: Path, inputs: Path) -> None:
    document = cli("run", host, "--inputs", inputs, "--json").json
    assert (document["board"], document["model"]) == ("host", "foo")
    for number, sample in enumerate(document["samples"]):
        assert sample["status"] == "MTVM_OK"
        assert sample["instructions"] is None  # time on this computer doesn't count them
        assert sample["outputs"]["scores"] == expected()["scores"][number].tolist()


def test_without_inputs_the_baked_samples_run(baked: Path) -> None:
    document = cli("run", baked, "--json").json
    assert [sample["outputs"]["scores"] for sample in document["samples"]] == [
        scores.tolist() for scores in expected()["scores"]
    ]


def test_more_than_ten_samples_are_summed_up(host: Path, inputs: Path, tmp_path: Path) -> None:
    many = tmp_path / "many.npz"
    with np.load(inputs) as arrays:
        np.savez(many, **{name: np.concatenate([arrays[name]] * 3) for name in arrays.files})
    lines = cli("run", host, "--inputs", many).out.splitlines()
    assert lines[0].startswith(f"Ran {3 * SAMPLES} samples of foo on host in ")
    assert lines[1].endswith("Least  Median  Most")
    assert lines[2].startswith("Ticks ")


def test_without_any_samples_it_says_what_inputs_are_needed(host: Path) -> None:
    answer = cli("run", host)
    assert answer.code == USAGE
    assert "zeta: int8 [1, 8, 8, 3]" in answer.err
    assert "Try: --inputs FILE.npz" in answer.err


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"zeta": np.zeros((1, 8, 8, 3), np.int8)}, "alpha"),
        (dict.fromkeys(("zeta", "alpha"), np.zeros((1, 8, 8, 3), np.float32)), "float32"),
        (dict.fromkeys(("zeta", "alpha"), np.zeros((1, 8, 8), np.int8)), "(1, 8, 8)"),
        ({"zita": np.zeros((1, 8, 8, 3), np.int8)}, "zita"),
    ],
)
def test_inputs_that_do_not_fit_the_model_are_refused(
    arrays: dict[str, Any], said: str, host: Path, tmp_path: Path
) -> None:
    np.savez(tmp_path / "wrong.npz", **arrays)
    answer = cli("run", host, "--inputs", tmp_path / "wrong.npz")
    assert answer.code == USAGE
    assert said in answer.err


def test_files_that_cannot_be_used_are_refused_before_anything_runs(
    host: Path, inputs: Path, tmp_path: Path
) -> None:
    for wrong in (
        ("--inputs", Path(__file__)),
        ("--inputs", tmp_path / "missing.npz"),
        ("--inputs", inputs, "--outputs", tmp_path / "missing" / "outputs.npz"),
    ):
        answer = cli("run", host, *wrong)
        assert answer.code == USAGE
        assert str(wrong[-1]) in answer.err


def test_a_model_is_chosen_by_name_or_number(
    create_and_build: Callable[..., Path], tmp_path: Path
) -> None:
    project = create_and_build("two_modules_c", "--board", "host")
    models = json.loads((project / "project.json").read_text())["models"]
    name = models[1]["name"]
    arrays = {
        tensor["name"]: np.zeros(tensor["shape"], tensor["dtype"]) for tensor in models[1]["inputs"]
    }
    np.savez(tmp_path / "inputs.npz", **arrays)
    outputs = [
        cli("run", project, "--inputs", tmp_path / "inputs.npz", "--model", key, "--json").json
        for key in (name, "1")
    ]
    assert outputs[0]["model"] == outputs[1]["model"] == name
    assert outputs[0]["samples"][0]["outputs"] == outputs[1]["samples"][0]["outputs"]
    answer = cli("run", project, "--model", name + "x")
    assert answer.code == USAGE
    assert f'Did you mean "{name}"' in answer.err


def test_a_silent_device_ends_in_a_time_out(host: Path, inputs: Path, tmp_path: Path) -> None:
    project = firmware_that_says(host, tmp_path / "p", "exec sleep 60")
    answer = cli("run", project, "--inputs", inputs, "--timeout", "0.3")
    assert answer.code == TransportTimeoutError.exit_code


def test_a_model_that_fails_ends_in_an_error_with_its_status(
    host: Path, inputs: Path, tmp_path: Path
) -> None:
    script = (
        "echo mtvm 1 models=1 samples=0; "
        "while read command; do echo 'result 0 -3 MTVM_ERROR ticks=1 stack=0 '; done"
    )
    project = firmware_that_says(host, tmp_path / "p", script)
    answer = cli("run", project, "--inputs", inputs, "--outputs", tmp_path / "outputs.npz")
    assert answer.code == DeviceError.exit_code
    assert f"failed on {SAMPLES} of {SAMPLES} samples" in answer.err
    assert answer.out.count("MTVM_ERROR") == SAMPLES
    assert not (tmp_path / "outputs.npz").exists()


@pytest.mark.qemu
def test_an_emulated_board_counts_instructions_and_stack(
    create_and_build: Callable[..., Path], inputs: Path
) -> None:
    project = create_and_build("foo_c", "--board", "mps2_an386")
    samples = cli("run", project, "--inputs", inputs, "--json").json["samples"]
    for number, sample in enumerate(samples):
        assert sample["outputs"]["scores"] == expected()["scores"][number].tolist()
        assert sample["instructions"] > 10_000
        assert 0 < sample["stack_bytes"] < 4096
    assert "Instructions  Stack bytes" in cli("run", project, "--inputs", inputs).out
