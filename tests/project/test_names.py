"""Any name that TVM lets a user give becomes a C identifier of its own."""

import re

from hypothesis import given
from hypothesis import strategies as st

from microtvm_boards.project.plan.names import KEYWORDS, identifier, unique_identifiers


def test_a_good_name_stays() -> None:
    assert identifier("input_1") == "input_1"


def test_other_characters_become_underscores() -> None:
    assert identifier("serving_default_x:0") == "serving_default_x_0"


def test_keywords_of_c_and_cplusplus_get_an_underscore() -> None:
    assert identifier("int") == "int_"
    assert identifier("class") == "class_"


def test_a_leading_digit_is_covered() -> None:
    assert identifier("3d") == "_3d"


def test_names_that_would_collide_are_numbered() -> None:
    assert unique_identifiers(["a:b", "a.b", "A_B"]) == ("a_b", "a_b_2", "A_B_3")


@given(st.lists(st.text(max_size=12), max_size=8))
def test_all_identifiers_are_valid_and_different(names: list[str]) -> None:
    result = unique_identifiers(names)
    assert len({name.upper() for name in result}) == len(names)
    for name in result:
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name)
        assert name not in KEYWORDS
