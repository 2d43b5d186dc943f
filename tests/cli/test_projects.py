"""create, build, flash, size, boards, template-dir: what they print and what they leave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from microtvm_boards.boards import board_names
from microtvm_boards.cli.exit_codes import USAGE
from microtvm_boards.errors import ModelError, ProjectError
from tests.cli.conftest import cli
from tests.conftest import DATA

pytestmark = pytest.mark.slow

FOO = DATA / "foo_c.tar"
ON_ARM = ("--board", "mps2_an386", "--model-entrypoint-api", "c")


def test_create_prints_a_line_and_what_each_memory_has_to_hold(tmp_path: Path) -> None:
    answer = cli("create", FOO, tmp_path / "p", *ON_ARM, "-o", "stack-size-bytes=3000")
    assert (answer.code, answer.err) == (0, "")
    first, header, *rows = answer.out.splitlines()
    assert first == (
        f"Created {tmp_path / 'p'}: model foo for board mps2_an386 "
        "(platform baremetal, entry point c)"
    )
    assert header.split() == ["Memory", "What", "Needed", "Size", "Percent"]
    assert any("stack" in row and "3,000" in row for row in rows)
    assert any(row.startswith("RAM") and "together" in row and " %" in row for row in rows)
    assert "\x1b" not in answer.out


def test_create_gives_the_same_as_json(tmp_path: Path) -> None:
    answer = cli("create", FOO, tmp_path / "p", *ON_ARM, "--json")
    manifest = json.loads((tmp_path / "p" / "project.json").read_text())
    assert answer.json["memory"] == manifest["memory"]
    assert answer.json["models"] == ["foo"]
    assert {"memory": "RAM", "size_bytes": 4194304} in answer.json["memories"]


def test_flags_and_the_option_flag_are_two_spellings_of_one_thing(tmp_path: Path) -> None:
    cli("create", FOO, tmp_path / "a", *ON_ARM, "--optimization", "speed")
    pairs = ("board=mps2_an386", "model-entrypoint-api=c", "optimization=speed")
    cli("create", FOO, tmp_path / "b", *(word for pair in pairs for word in ("--option", pair)))
    a, b = ((tmp_path / name / "project.json").read_bytes() for name in "ab")
    assert a == b


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "checks"], 'takes NAME=VALUE; found "checks"'),
        (["-o", "=1"], "takes NAME=VALUE"),
        (["--app", "minimal", "-o", "app=harness"], "given twice"),
        (["-o", "stack_size_bytes=much"], "takes a whole number; found 'much'"),
        (["--sample-inputs", "nowhere.npz"], "there is none at"),
    ],
)
def test_create_refuses_options_that_make_no_sense(
    options: list[str], said: str, tmp_path: Path
) -> None:
    answer = cli("create", FOO, tmp_path / "p", *ON_ARM, *options)
    assert answer.code == USAGE
    assert said in answer.err
    assert not (tmp_path / "p").exists()


def test_create_asks_for_the_board(tmp_path: Path) -> None:
    answer = cli("create", FOO, tmp_path / "p")
    assert answer.code == USAGE
    assert "--board" in answer.err


def test_a_model_that_is_missing_or_no_tar_is_refused(tmp_path: Path) -> None:
    for model in (tmp_path / "no.tar", Path(__file__)):
        answer = cli("create", model, tmp_path / "p", *ON_ARM)
        assert answer.code == ModelError.exit_code
        assert str(model) in answer.err
        assert not (tmp_path / "p").exists()


def test_a_directory_with_something_in_it_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    answer = cli("create", FOO, tmp_path, *ON_ARM)
    assert answer.code == ProjectError.exit_code
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.tools
def test_build_prints_a_line_and_the_sizes(host: Path) -> None:
    answer = cli("build", host)
    assert (answer.code, answer.err) == (0, "")
    first, header, *rows = answer.out.splitlines()
    firmware = first.removeprefix("Built ").split(" in ")[0]
    assert Path(firmware).is_file()
    assert first.endswith(" s")
    assert header.split() == ["Memory", "Used", "Size", "Percent"]
    assert rows


@pytest.mark.tools
def test_verbose_prints_every_line_of_the_tools_to_stderr(host: Path) -> None:
    answer = cli("build", host, "-v", "--json")
    assert answer.err.strip()
    assert Path(answer.json["firmware"]).is_file()
    assert Path(answer.json["log"]).is_file()


@pytest.mark.tools
def test_size_agrees_with_build(host: Path) -> None:
    built, sized = cli("build", host, "--json").json, cli("size", host, "--json").json
    assert {name: sized[name] for name in ("firmware", "memory")} == {
        name: built[name] for name in ("firmware", "memory")
    }
    table, _, _ = cli("size", host).out.partition("\n\n")
    assert table in cli("build", host).out


def test_size_before_build_says_to_build(tmp_path: Path) -> None:
    cli("create", FOO, tmp_path / "p", *ON_ARM)
    answer = cli("size", tmp_path / "p")
    assert answer.code == ProjectError.exit_code
    assert "Try: microtvm-boards build" in answer.err


@pytest.mark.tools
def test_flash_says_in_a_line_what_happened(host: Path) -> None:
    answer = cli("flash", host)
    assert (answer.code, len(answer.out.splitlines())) == (0, 1)
    assert cli("flash", host, "--json").json == {"board": "host", "flashed": answer.out.strip()}


def test_boards_list_has_a_row_for_every_board() -> None:
    rows = cli("boards", "list").out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == list(board_names())
    documents = cli("boards", "list", "--json").json["boards"]
    assert [document["name"] for document in documents] == list(board_names())


def test_boards_show_tells_what_the_file_says() -> None:
    text = cli("boards", "show", "mps2_an386").out
    for part in ("mps2_an386: ", "cortex-m4", "25 MHz", "-M mps2-an386", "115200 baud", "RAM "):
        assert part in text
    document = cli("boards", "show", "mps2_an386", "--json").json
    assert document["cpu"]["name"] == "cortex-m4"
    assert {m["name"] for m in document["memories"]} >= {"FLASH", "RAM"}


def test_boards_show_takes_a_file(tmp_path: Path) -> None:
    source = cli("boards", "show", "mps2_an386", "--json").json["source"]
    mine = tmp_path / "mine.yaml"
    mine.write_text(Path(source).read_text().replace("name: mps2_an386", "name: mine"))
    assert cli("boards", "show", mine).out.startswith("mine: ")


def test_template_dir_is_one_that_tvmc_takes() -> None:
    directory = Path(cli("template-dir").out.strip())
    assert (directory / "microtvm_api_server.py").is_file()
    assert cli("template-dir", "--json").json == {"template_dir": str(directory)}
