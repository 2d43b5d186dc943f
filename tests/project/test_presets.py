"""A template directory may set options, which its user can still set otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from microtvm_boards.errors import ProjectError
from microtvm_boards.project.options.presets import PRESETS, preset_layer, read_presets
from microtvm_boards.project.options.resolve import CALLER, Layer, resolve
from microtvm_boards.resources import template_dir
from microtvm_boards.server.info import server_info


@pytest.fixture
def template(tmp_path: Path) -> Path:
    (tmp_path / PRESETS).write_text(json.dumps({"options": {"board": "host"}}))
    return tmp_path


def resolved(template: Path, given: dict[str, object]) -> dict[str, object]:
    values = resolve([Layer(CALLER, given), preset_layer(template)])
    return {name: one.value for name, one in values.items()}


def test_the_usual_template_sets_nothing() -> None:
    assert read_presets(template_dir()) == {}
    assert resolved(template_dir(), {"board": "microbit"}) == {"board": "microbit"}


@pytest.mark.parametrize("unset", [{}, {"board": None}, {"board": ""}])
def test_what_is_unset_is_as_the_template_says(template: Path, unset: dict[str, object]) -> None:
    assert resolved(template, unset) == {"board": "host"}


def test_what_is_set_wins(template: Path) -> None:
    assert resolved(template, {"board": "microbit", "port": None}) == {
        "board": "microbit",
        "port": None,
    }


def test_tvm_learns_of_it_as_a_default_that_need_not_be_given(template: Path) -> None:
    """TVM sends defaults for what the user didn't set, tvmc asks for what is required."""
    options = {option["name"]: option for option in server_info(template)["project_options"]}
    assert options["board"]["default"] == "host"
    assert options["board"]["required"] is None
    assert options["board"]["optional"] == ["generate_project"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"options": 1}', "\0"])
def test_a_damaged_file_is_named(template: Path, text: str) -> None:
    (template / PRESETS).write_text(text)
    with pytest.raises(ProjectError, match=rf"{PRESETS} is damaged"):
        read_presets(template)
