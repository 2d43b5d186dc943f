"""Options arrive as strings, typed values or nothing, and every mistake is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microtvm_boards.errors import UsageError
from microtvm_boards.project.options.known import known_options
from microtvm_boards.project.options.parse import parse_options
from microtvm_boards.project.options.table import ProjectOptions


def test_strings_from_tvmc_become_types() -> None:
    options = parse_options(
        {"board": "host", "checks": "false", "workspace_size_bytes": "0x400"}, "generate_project"
    )
    assert options.checks is False
    assert options.workspace_size_bytes == 1024


def test_unset_options_of_new_tvm_are_as_if_absent() -> None:
    everything = {s.name: s.told_default for s in known_options().specs.values()}
    everything |= {"board": "host"}
    assert parse_options(everything, "generate_project") == ProjectOptions(board="host")


def test_the_safe_entry_point_is_the_default() -> None:
    assert parse_options({"board": "host"}, "generate_project").model_entrypoint_api == "packed"


def test_upstreams_project_type_chooses_the_entry_point() -> None:
    options = parse_options(
        {"board": "host", "project_type": "aot_standalone_demo"}, "generate_project"
    )
    assert options.model_entrypoint_api == "c"


def test_contradicting_entry_points_are_refused() -> None:
    with pytest.raises(UsageError, match="aot_standalone_demo means model_entrypoint_api=c"):
        parse_options(
            {
                "board": "host",
                "project_type": "aot_standalone_demo",
                "model_entrypoint_api": "packed",
            },
            "generate_project",
        )


def test_upstreams_stack_option_is_ours() -> None:
    options = parse_options({"board": "host", "config_main_stack_size": "2048"}, "generate_project")
    assert options.stack_size_bytes == 2048


@pytest.mark.parametrize(
    "value", ["-DA=1 -DB", ["-DA=1", "-DB"], '["-DA=1", "-DB"]', ("-DA=1", "-DB")]
)
def test_compile_definitions_come_as_text_or_list(value: object) -> None:
    options = parse_options({"board": "host", "compile_definitions": value}, "generate_project")
    assert options.compile_definitions == ("-DA=1", "-DB")


def test_an_unknown_option_names_its_nearest() -> None:
    with pytest.raises(UsageError, match=r'no option "optimisation".*"optimization"'):
        parse_options({"board": "host", "optimisation": "size"}, "generate_project")


def test_no_board_says_which_option_is_needed() -> None:
    with pytest.raises(UsageError, match='Option "board" is needed'):
        parse_options({"board": None}, "generate_project")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("optimization", "fast", "one of none, debug, size, speed"),
        ("checks", "maybe", "true or false"),
        ("workspace_size_bytes", "big", "a whole number"),
        ("workspace_size_bytes", True, "a whole number"),
        ("workspace_size_bytes", "-4", "at least 0"),
        ("compile_definitions", 3, "a list of texts"),
        ("compile_definitions", "[1", "a list"),
        ("platform", 3, "a text"),
    ],
)
def test_a_wrong_value_says_what_was_expected(name: str, value: object, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        parse_options({"board": "host", name: value}, "generate_project")


def test_a_default_sent_to_build_undoes_nothing() -> None:
    options = parse_options({"board": "other", "optimization": "size"}, "build")
    assert options == ProjectOptions()


def test_only_what_differs_from_the_defaults_is_recorded() -> None:
    options = ProjectOptions(board="host", compile_definitions=("-DA",))
    assert options.to_json() == {"board": "host", "compile_definitions": ["-DA"]}


@given(
    st.dictionaries(
        st.sampled_from([*known_options().specs]),
        st.one_of(st.none(), st.text(), st.integers(), st.booleans(), st.lists(st.text())),
    )
)
def test_any_values_give_options_or_a_usage_error(raw: dict[str, object]) -> None:
    try:
        options = parse_options(raw, "generate_project")
    except UsageError:
        return
    assert options.board
