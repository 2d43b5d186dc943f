"""The options as every TVM from 0.8 to 0.18 and tvmc read them."""

import json
from pathlib import Path
from typing import Any

import pytest

from microtvm_boards.boards import board_names
from microtvm_boards.errors import UsageError
from microtvm_boards.project.options.declare import METHODS
from microtvm_boards.project.options.known import known_options
from microtvm_boards.project.options.parse import parse_options
from microtvm_boards.server.info import server_info

UPSTREAM = {  # default options since TVM 0.11 and those of its Zephyr template
    *("verbose", "project_type", "board", "cmsis_path", "warning_as_error"),
    *("compile_definitions", "extra_files_tar", "config_main_stack_size", "west_cmd"),
    *("zephyr_base", "serial_number", "workspace_size_bytes", "gdbserver_port", "use_fvp"),
    "arm_fvp_path",
}


@pytest.fixture
def options(tmp_path: Path) -> dict[str, dict[str, Any]]:
    listed = server_info(tmp_path)["project_options"]
    return {option["name"]: option for option in json.loads(json.dumps(listed))}


def test_every_option_is_announced_with_what_tvm_reads(options: dict[str, dict[str, Any]]) -> None:
    assert options.keys() == known_options().specs.keys()
    for option in options.values():
        assert option.keys() == {
            *("name", "choices", "default", "type", "required", "optional", "help"),
        }
        assert option["type"] in ("str", "int", "bool")
        assert option["required"] or option["optional"]
        for methods in (option["required"], option["optional"]):
            assert methods is None or (methods and set(methods) <= set(METHODS))
        assert option["help"]
        assert "%" not in option["help"], "argparse would take it for a format"
        assert option["choices"] is None or all(isinstance(c, str) for c in option["choices"])


def test_the_names_that_callers_of_upstreams_templates_pass_are_there(
    options: dict[str, dict[str, Any]],
) -> None:
    assert options.keys() >= UPSTREAM


def test_tvmc_takes_a_path_as_board_and_lists_the_names(options: dict[str, dict[str, Any]]) -> None:
    assert options["board"]["choices"] is None
    assert options["board"]["required"] == ["generate_project"]
    assert all(name in options["board"]["help"] for name in board_names())


def test_a_default_that_is_sent_back_changes_nothing(options: dict[str, dict[str, Any]]) -> None:
    defaults = {name: option["default"] for name, option in options.items()}
    for method in METHODS:
        board = {"board": "host"} if method == "generate_project" else {}
        assert parse_options(defaults | board, method) == parse_options(board, method)


def test_a_default_is_one_of_the_choices(options: dict[str, dict[str, Any]]) -> None:
    for option in options.values():
        if option["choices"] and option["default"] is not None:
            assert option["default"] in option["choices"]


def test_every_choice_is_taken(options: dict[str, dict[str, Any]]) -> None:
    for name, option in options.items():
        for choice in option["choices"] or []:
            parse_options({"board": "host", name: choice}, "generate_project")
        if option["choices"] and name != "platform":  # platforms are checked against the board
            with pytest.raises(UsageError):
                parse_options({"board": "host", name: "no such choice"}, "generate_project")
