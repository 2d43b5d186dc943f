"""Options arrive as strings, typed values or nothing, and every mistake is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microtvm_boards.errors import UsageError
from microtvm_boards.project.options.declare import OptionSpec, Reach, option, specs_of
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.known import OptionSet, known_options
from microtvm_boards.project.options.parse import parse_options
from microtvm_boards.project.options.resolve import Layer, Origin, resolve
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


@pytest.mark.slow
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


def test_a_value_says_where_it_came_from() -> None:
    options = parse_options(
        [
            Layer(Origin("flag"), {"board": "host", "app": None}),
            Layer(Origin("-o"), {"app": "minimal", "checks": ""}),
            Layer(Origin("preset", "template.json"), {"board": "microbit", "checks": "false"}),
        ],
        "generate_project",
    )
    assert (options.board, options.app, options.checks) == ("host", "minimal", False)
    assert options.origin("board").source == "flag"
    assert options.origin("app").source == "-o"
    assert options.origin("checks") == Origin("preset", "template.json")
    assert options.origin("runtime").source == "default"
    assert options == parse_options(options.to_json(), "generate_project")


def test_upstreams_name_hands_on_where_it_came_from() -> None:
    given = {"board": "host", "config_main_stack_size": 512, "project_type": "host_driven"}
    options = parse_options(given, "generate_project")
    assert options.origin("stack_size_bytes").source == "caller"
    assert options.origin("model_entrypoint_api").source == "caller"
    assert not {"config_main_stack_size", "project_type"} & options.origins.keys()


def test_our_name_wins_over_upstreams() -> None:
    given = {"board": "host", "config_main_stack_size": 512, "stack_size_bytes": 1024}
    assert parse_options(given, "generate_project").stack_size_bytes == 1024


@pytest.mark.parametrize(
    ("values", "cause"),
    [
        ({"app": "huge"}, 'found "huge" (in template.json)'),
        ({"checks": "maybe"}, "found 'maybe' (in template.json)"),
        ({"optimisation": "size"}, 'no option "optimisation" (in template.json)'),
    ],
)
def test_a_mistake_that_the_user_did_not_type_says_where_it_is(
    values: dict[str, object], cause: str
) -> None:
    preset = Layer(Origin("preset", "template.json"), values)
    with pytest.raises(UsageError) as caught:
        parse_options([Layer(Origin("flag"), {"board": "host"}), preset], "generate_project")
    assert cause in caught.value.cause


def test_a_mistake_that_the_user_typed_says_no_place() -> None:
    with pytest.raises(UsageError) as caught:
        parse_options({"board": "host", "checks": "maybe"}, "generate_project")
    assert caught.value.cause == "Option \"checks\" takes true or false; found 'maybe'."


def test_the_first_layer_that_sets_a_value_gives_it() -> None:
    values = resolve(
        [
            Layer(Origin("flag"), {"a": None, "b": "", "c": 0, "d": None}),
            Layer(Origin("-o"), {"a": 1, "b": False, "c": 2}),
            Layer(Origin("preset"), {"a": 3, "b": 4, "d": None, "pool.x": "RAM"}),
        ]
    )
    assert {name: one.value for name, one in values.items()} == {
        "a": 1,
        "b": False,
        "c": 0,
        "d": None,
        "pools": ["x:RAM"],
    }
    assert [values[name].origin.source for name in "abcd"] == ["-o", "-o", "flag", "default"]


@pytest.mark.parametrize("make", [ProjectOptions, lambda **o: parse_options(o, "generate_project")])
def test_a_stack_that_start_up_overflows_is_refused(make: Callable[..., ProjectOptions]) -> None:
    assert make(board="host", stack_size_bytes=256).stack_size_bytes == 256
    with pytest.raises(UsageError, match="stack_size_bytes is 255; start-up code alone needs 256"):
        make(board="host", stack_size_bytes=255)


def test_fvp_is_refused_where_it_would_run() -> None:
    assert parse_options({"use_fvp": True}, "build") == ProjectOptions()
    with pytest.raises(UsageError, match="use_fvp=true"):
        parse_options({"board": "host", "use_fvp": "true"}, "generate_project")


def test_options_are_asked_for_by_what_they_reach() -> None:
    options = parse_options(
        {
            "board": "host",
            "optimization": "speed",
            "app": "minimal",
            "verbose": True,
            "tuning_load": "rebuild",
            "sample_inputs": "x.npz",
            "zephyr_base": "/z",
        },
        "generate_project",
    )
    assert options.given(Reach.MODEL) == ["sample_inputs"]
    assert options.given(Reach.KERNELS) == ["optimization"]
    here = replace(options, device=DeviceOptions(port="/dev/x"), standalone_crt_dir="/crt")
    assert here.to_json()["standalone_crt_dir"] == "/crt"
    assert here.only(Reach.KERNELS) == ProjectOptions(optimization="speed")
    assert here.only(Reach.FIRMWARE).standalone_crt_dir == "/crt"
    kept = options.only(Reach.KERNELS, Reach.FIRMWARE)
    assert kept.to_json() == {"board": "host", "optimization": "speed", "zephyr_base": "/z"}


def test_no_option_of_the_device_reaches_a_firmware() -> None:
    assert {spec.reach for spec in specs_of(DeviceOptions)} == {Reach.NOTHING}


@dataclass(frozen=True)
class Own:
    """What a platform from outside may declare."""

    depth: int = option(3, OptionSpec("How deep.", optional=("generate_project", "build")))
    names: tuple[str, ...] = option((), OptionSpec("Names.", optional=("generate_project",)))


def test_a_platform_brings_options_of_its_own() -> None:
    known = OptionSet({"own": Own})
    assert known.specs["depth"].platform == "own"
    assert known.specs["board"].platform is None
    assert known.specs["depth"] in known.taken_by("build")
    options = parse_options(
        {"board": "host", "depth": "4", "names": "a b"}, "generate_project", known=known
    )
    assert options.of(Own) == Own(4, ("a", "b"))
    assert options.to_json() == {"board": "host", "depth": 4, "names": ["a", "b"]}
    assert options.with_group(Own(5)).of(Own) == Own(5)
    later = parse_options({"depth": 6, "names": "a"}, "build", known=known)
    assert later.of(Own) == Own(6)
    assert options.with_later(later).of(Own) == Own(6, ("a", "b"))
    assert options.with_later(ProjectOptions(board="other")) == options
    assert ProjectOptions().of(Own) == Own()
    with pytest.raises(UsageError, match='no option "depth"'):
        parse_options({"board": "host", "depth": 4}, "generate_project")


@dataclass(frozen=True)
class Other:
    width: int = option(1, OptionSpec("How wide.", optional=("generate_project",)))


def test_what_platforms_were_told_has_no_order() -> None:
    one = ProjectOptions().with_group(Own(4)).with_group(Other(2))
    assert one == ProjectOptions().with_group(Other(2)).with_group(Own(4))
    assert one.with_group(Other()).with_group(Own()) == ProjectOptions()


def test_an_option_has_one_platform() -> None:
    with pytest.raises(UsageError, match='"b" declares option "depth", which platform "a" has'):
        _ = OptionSet({"a": Own, "b": Own}).specs
    with pytest.raises(UsageError, match="which every project has"):
        _ = OptionSet({"a": DeviceOptions}).specs


def test_an_option_has_one_of_four_types() -> None:
    @dataclass(frozen=True)
    class Wrong:
        ratio: float = option(0.5, OptionSpec("A ratio.", optional=("build",)))

    with pytest.raises(TypeError, match=r"Wrong\.ratio"):
        specs_of(Wrong)
