"""`create --dry-run`, several models, and what `build` and `flash` say about memory."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import cli
from tests.conftest import DATA

FOO = DATA / "foo_c.tar"
BOARD = ("--board", "mps2_an386", "--model-entrypoint-api", "c")


@pytest.mark.slow
def test_a_dry_run_shows_the_table_and_writes_nothing(tmp_path: Path) -> None:
    project = tmp_path / "project"
    answer = cli("create", FOO, project, *BOARD, "--dry-run", "--json")
    assert answer.code == 0, answer.err
    assert not project.exists()
    assert answer.json["project"] is None
    real = cli("create", FOO, project, *BOARD, "--json")
    assert real.json["memory"] == answer.json["memory"]
    text = cli("create", FOO, *BOARD, "--dry-run").out
    assert "activations of foo" in text
    assert "estimated" in text


def test_without_a_dry_run_a_directory_is_needed() -> None:
    answer = cli("create", FOO, *BOARD, "--json")
    assert answer.code == 2
    assert "needs a directory" in answer.json["error"]["cause"]


def test_what_does_not_fit_is_refused_in_a_dry_run_too(tmp_path: Path) -> None:
    answer = cli("create", FOO, "--board", "microbit", "-o", "stack_size_bytes=20000", "--dry-run")
    assert answer.code == 5
    assert "RAM: needed" in answer.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "cause"),
    [
        (("--model", "no-name=" + str(FOO)), 'found the name "no-name"'),
        (("--model", "missing.tar"), "there is none at"),
        (("-o", "pool.x=PSRAM"), '"x" in this project'),
        (("-o", "pools=x"), "POOL:MEMORY"),
        (("-o", "activations=some"), "shared, separate"),
    ],
)
def test_bad_input_is_named(options: tuple[str, ...], cause: str) -> None:
    answer = cli("create", FOO, *BOARD, "--dry-run", "--json", *options)
    assert answer.code == 2
    assert cause in answer.json["error"]["cause"]


@pytest.mark.qemu
def test_build_compares_and_two_models_run(tmp_path: Path, inputs: Path) -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    project = tmp_path / "project"
    made = cli("create", FOO, project, *BOARD, "--model", f"again={FOO}")
    assert made.code == 0, made.err
    built = cli("build", project, "--json")
    assert built.code == 0, built.err
    rows = {row["kind"]: row for row in built.json["preflight"]}
    assert rows["activations"]["needed_bytes"] == rows["activations"]["linked_bytes"] == 2784
    assert rows["model_code"]["why"] == "estimated from the C code"
    one, two = (
        cli("run", project, "--inputs", inputs, "--model", name, "--json").json["samples"]
        for name in ("foo", "again")
    )
    assert [sample["outputs"] for sample in one] == [sample["outputs"] for sample in two]
