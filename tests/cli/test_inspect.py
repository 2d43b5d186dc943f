"""size, profile and validate: what they print and write, and what they refuse."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards import errors
from microtvm_boards.cli.exit_codes import DIFFERENT, USAGE
from tests.analysis.conftest import flip_bit
from tests.cli.conftest import cli
from tests.conftest import DATA
from tests.end_to_end.firmware import read_family

FOO_OPERATORS = 8


def test_size_says_by_part_section_and_symbol(host: Path, tmp_path: Path) -> None:
    picture = tmp_path / "size.svg"
    document = cli("size", host, "--symbols", "--svg", picture, "--json").json
    used = {m["memory"]: m["used_bytes"] for m in document["memory"]}
    for key in ("parts", "sections", "symbols"):
        sums = dict.fromkeys(used, 0)
        for row in document[key]:
            sums[row["memory"]] += row["size_bytes"]
        assert sums == used
    names = {row["symbol"]: row["part"] for row in document["symbols"]}
    assert names["tvmgen_foo_run"] == "model"
    assert names["main"] == "app"
    assert names["mtvm_port_putc"] == "platform"
    assert ET.fromstring(picture.read_text()).tag.endswith("svg")
    text = cli("size", host, "--symbols").out
    assert "what TVM generated" in text
    assert "global_const_workspace" in text


def test_size_shows_how_another_project_differs(
    host: Path, create_and_build: Callable[..., Path]
) -> None:
    other = create_and_build("foo_c", "--board", "host", "-o", "checks=false")
    document = cli("size", host, "--diff", other, "--symbols", "--json").json
    parts = {(row["memory"], row["part"]): row for row in document["diff"]["parts"]}
    runtime = parts["text", "runtime"]
    assert runtime["difference"] == runtime["other_bytes"] - runtime["size_bytes"] < 0
    assert ("data", "model") not in parts
    assert any(row["symbol"] == "mtvm_check_pointers" for row in document["diff"]["symbols"])
    assert "-" in cli("size", host, "--diff", other).out
    assert "No part differs in size." in cli("size", host, "--diff", host).out


def test_size_refuses_what_it_cannot_write_or_compare(host: Path, tmp_path: Path) -> None:
    answer = cli("size", host, "--svg", tmp_path / "no" / "size.svg")
    assert answer.code == USAGE
    assert "can't be written" in answer.err
    answer = cli("size", host, "--diff", tmp_path)
    assert answer.code == errors.ProjectError.exit_code
    copy = tmp_path / "copy"
    shutil.copytree(host, copy)
    (copy / "build" / "good" / "firmware.map").unlink()
    answer = cli("size", copy)
    assert answer.code == errors.ProjectError.exit_code
    assert "Try: build the project again" in answer.err


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]


def test_profile_prints_a_table_a_document_and_a_report(host: Path, tmp_path: Path) -> None:
    report = tmp_path / "profile.html"
    answer = cli("profile", host, "--runs", "2", "--html", report, "--json")
    assert answer.code == 0, answer.err
    document = answer.json
    assert [o["number"] for o in document["operators"]] == list(range(FOO_OPERATORS))
    assert [o["macs"] for o in document["operators"]] == [0, 0, 6912, 6912, 0, 0, 320, 0]
    assert document["runs"] == 2
    assert document["total_instructions"] is None
    page = Page()
    page.feed(report.read_text())
    assert page.tags.count("rect") == FOO_OPERATORS
    assert page.tags.count("tr") == 1 + FOO_OPERATORS + 1
    assert page.links == []  # one file, nothing from the network
    assert "script" not in page.tags
    assert all(o["function"] in report.read_text() for o in document["operators"])
    lines = cli("profile", host, "--runs", "1").out.splitlines()
    assert lines[0].startswith("foo on host: ")
    assert lines[-1].endswith("(between operators)")


def test_validate_agrees_with_outputs_that_a_run_gave(
    host: Path, inputs: Path, tmp_path: Path
) -> None:
    outputs = tmp_path / "outputs.npz"
    assert cli("run", host, "--inputs", inputs, "--outputs", outputs).code == 0
    answer = cli("validate", host, "--inputs", inputs, "--expected", outputs, "--json")
    assert answer.code == 0, answer.err
    assert answer.json["agrees"] is True
    assert answer.json["against"] == "expected outputs"
    assert len(answer.json["samples"]) == 4


def test_validate_names_the_operator_with_the_fault(
    create_and_build: Callable[..., Path],
) -> None:
    from microtvm_boards.project import Project

    directory = create_and_build("foo_c", "--board", "host")
    flip_bit(Project.open(directory), "fused_constant_let")
    answer = cli("validate", directory, "--runs", "0")
    assert answer.code == DIFFERENT
    assert (
        "foo on host against the same model on this computer: 3 of 3 samples differ" in answer.out
    )
    assert "is call 2, tvmgen_foo_fused_nn_conv2d_add: with all minimum, " in answer.out


def npz(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


def test_validate_refuses_arrays_that_do_not_fit(host: Path, inputs: Path, tmp_path: Path) -> None:
    rows, outputs = read_family(DATA / "foo.npz")
    assert len(rows) == 4
    scores, features = (np.stack([row[name] for row in outputs]) for name in outputs[0])
    good = npz(tmp_path / "good.npz", scores=scores, features=features)
    bad = {
        'no output "points"': {"points": scores, "features": features},
        'no array "features"': {"scores": scores},
        'output "scores" is int8; the array is int16': {
            "scores": scores.astype("int16"),
            "features": features,
        },
        'output "scores" has shape': {"scores": scores[..., :2], "features": features},
        "each needs one of the other": {"scores": scores[:2], "features": features[:2]},
    }
    for number, (message, arrays) in enumerate(bad.items()):
        path = npz(tmp_path / f"bad{number}.npz", **arrays)
        answer = cli("validate", host, "--inputs", inputs, "--expected", path)
        assert answer.code == USAGE
        assert message in answer.err
    answer = cli("validate", host, "--inputs", good)
    assert answer.code == USAGE
    assert 'no input "scores"' in answer.err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["validate", "--expected", "y.npz"], "none were given"),
        (["validate", "--inputs", "x.npz", "--runs", "2"], "give one of them"),
        (["validate", "--inputs", "x.npz"], "There is no file x.npz"),
        (["validate", "--model", "bar"], 'no model "bar"'),
        (["validate", "--ulps", "-1"], "--ulps"),
        (["profile", "--model", "7"], 'no model "7"'),
        (["profile", "--runs", "0"], "--runs"),
        (["profile", "--html", "no/such/report.html"], "there is no directory"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_built(
    host: Path, args: list[str], message: str
) -> None:
    command, *options = args
    answer = cli(command, host, *options)
    assert answer.code == USAGE
    assert message in answer.err


def test_what_has_no_protocol_is_refused(create_and_build: Callable[..., Path]) -> None:
    minimal = create_and_build("foo_c", "--board", "host", "--app", "minimal")
    for command in ("profile", "validate"):
        answer = cli(command, minimal, "--json")
        assert answer.code == errors.ProjectError.exit_code
        assert "--app harness" in answer.json["error"]["hint"]
