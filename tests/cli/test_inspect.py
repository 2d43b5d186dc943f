"""size, profile and validate: what they print and write, and what they refuse."""

from __future__ import annotations

import platform as machine
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

pytestmark = pytest.mark.tools

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


@pytest.fixture(scope="module")
def several(create_and_build: Callable[..., Path]) -> Path:
    """foo twice: the second is called other."""
    return create_and_build("foo_c", "--board", "host", "--model", f"other:{DATA / 'foo_c.tar'}")


def test_every_model_is_looked_at_unless_one_is_named(several: Path, tmp_path: Path) -> None:
    report = tmp_path / "profile.html"
    document = cli("profile", several, "--runs", "1", "--html", report, "--json").json
    assert [m["model"] for m in document["models"]] == ["foo", "other"]
    assert all(len(m["operators"]) == FOO_OPERATORS for m in document["models"])
    page = Page()
    page.feed(report.read_text())
    assert page.tags.count("rect") == 2 * FOO_OPERATORS
    assert "tvmgen_other_fused_nn_conv2d_add" in report.read_text()

    document = cli("validate", several, "--runs", "0", "--json").json
    assert document["agrees"] is True
    assert [m["model"] for m in document["models"]] == ["foo", "other"]
    one = cli("validate", several, "--model", "other", "--runs", "0", "--json").json
    assert (one["model"], one["agrees"]) == ("other", True)


@pytest.mark.parametrize("command", ["profile", "validate"])
def test_single_operators_are_no_model(tmp_path: Path, command: str) -> None:
    made = cli("create", DATA / "operator.tar", tmp_path / "p", "--board", "host")
    assert made.code == 0, made.err
    answer = cli(command, tmp_path / "p")
    assert answer.code == USAGE
    assert "holds single operators" in answer.err


def test_files_of_one_model_need_its_name(several: Path, inputs: Path) -> None:
    answer = cli("validate", several, "--inputs", inputs)
    assert answer.code == USAGE
    assert "--inputs is for one model; the project has foo, other" in answer.err
    assert cli("validate", several, "--inputs", inputs, "--model", "other").code == 0


def test_what_cannot_be_told_apart_says_why(
    create_and_build: Callable[..., Path], tmp_path: Path
) -> None:
    if machine.machine() != "x86_64":
        pytest.skip("the objects are for x86-64")
    project = create_and_build("objects_packed_x86", "--board", "host", entrypoint="packed")
    report = tmp_path / "profile.html"
    answer = cli("profile", project, "--html", report)
    assert answer.code == 0, answer.err
    assert "Its operators can't be told apart." in answer.out
    assert "in an object file, too" in report.read_text()
    assert cli("profile", project, "--json").json["operators"] == []


@pytest.mark.tvm
def test_a_trained_model_is_the_reference(
    create_and_build: Callable[..., Path], host: Path, tmp_path: Path
) -> None:
    """The library is of another training: TVM says so, though this computer agrees."""
    pytest.importorskip("tvm")
    import onnx

    helper, paths = onnx.helper, [tmp_path / "relu.onnx", tmp_path / "neg.onnx"]
    x, y = (helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1, 4]) for n in "xy")
    for path, kind in zip(paths, ("Relu", "Neg"), strict=True):
        graph = helper.make_graph([helper.make_node(kind, ["x"], ["y"])], "g", [x], [y])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        onnx.save(model, path)
    tar = tmp_path / "relu.tar"
    from microtvm_boards.relay.importers import import_onnx
    from microtvm_boards.tvm import export_mlf

    export_mlf(*import_onnx(paths[0]), tar, executor="aot", interface="c", unpacked=True)
    project = create_and_build(tar, "--board", "host")
    same = cli("validate", project, "--runs", "1", "--reference", paths[0])
    assert same.code == 0, same.err
    assert "against TVM's own build of relu.onnx for this computer: all 4" in same.out
    other = cli("validate", project, "--runs", "1", "--reference", paths[1])
    assert other.code == DIFFERENT
    assert "Every operator agrees" in other.out

    wrong = cli("validate", host, "--reference", paths[0])
    assert wrong.code == USAGE
    assert "is another model: its inputs are x (float32 [1, 4])" in wrong.err
    both = cli("validate", host, "--inputs", paths[0], "--expected", tar, "--reference", paths[0])
    assert both.code == USAGE
    assert "give one of them" in both.err


def test_what_has_no_protocol_is_refused(create_and_build: Callable[..., Path]) -> None:
    minimal = create_and_build("foo_c", "--board", "host", "--app", "minimal")
    for command in ("profile", "validate"):
        answer = cli(command, minimal, "--json")
        assert answer.code == errors.ProjectError.exit_code
        assert "--app harness" in answer.json["error"]["hint"]
