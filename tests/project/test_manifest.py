"""project.json: what is written is read back, and whatever happened to it is said in words."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from microtvm_boards.errors import ProjectError
from microtvm_boards.project.generate import prepare
from microtvm_boards.project.manifest import MANIFEST, Manifest, read_manifest
from microtvm_boards.project.options.parse import parse_options
from microtvm_boards.project.write.manifest import manifest_of
from tests.conftest import DATA

Steps = tuple[str | int, ...]
PROJECTS: tuple[tuple[str, dict[str, object]], ...] = (
    ("foo_c", {"model_entrypoint_api": "c", "more_models": [f"b:{DATA / 'foo_graph.tar'}"]}),
    ("foo_packed", {"tensor_heap_bytes": 8192, "compile_definitions": ["-DONE"]}),
    ("operator", {}),
)


def document_of(model: str, options: dict[str, object]) -> dict[str, Any]:
    parsed = parse_options({"board": "mps2_an386", **options}, "generate_project")
    made = manifest_of(prepare(DATA / f"{model}.tar", parsed))
    document: dict[str, Any] = json.loads(made.dumps())
    assert Manifest.from_json(document) == made
    return document


DOCUMENTS = [document_of(*project) for project in PROJECTS]


def places(value: object, steps: Steps = ()) -> Iterator[Steps]:
    """Of everything in `value`, itself too."""
    yield steps
    pairs = value.items() if isinstance(value, dict) else ()
    for step, inner in [*pairs, *(enumerate(value) if isinstance(value, list) else ())]:
        yield from places(inner, (*steps, step))


def once(documents: list[dict[str, Any]]) -> list[tuple[int, Steps]]:
    """(document, place) of every kind of value in it, not of each file and each dimension."""
    found: dict[Steps, tuple[int, Steps]] = {}
    for number, document in enumerate(documents):
        for steps in places(document):
            kind: Steps = tuple(
                "..." if isinstance(step, int) or before in ("files", "renames") else step
                for before, step in zip(("", *steps), steps, strict=False)
            )
            found.setdefault(kind, (number, steps))
    return list(found.values())


PLACES = once(DOCUMENTS)
MISSING = object()


def changed(number: int, steps: Steps, value: object) -> Any:
    """The document with something else, or nothing, in that place."""
    root: dict[str, Any] = {"root": copy.deepcopy(DOCUMENTS[number])}
    inner: Any = root
    *way, last = ("root", *steps)
    for step in way:
        inner = inner[step]
    if value is MISSING:
        del inner[last]
    else:
        inner[last] = value
    return root.get("root")


def at(number: int, steps: Steps) -> Any:
    found: Any = DOCUMENTS[number]
    for step in steps:
        found = found[step]
    return found


def opened(directory: Path, text: str) -> Manifest | None:
    """None: it is damaged, in words. Whatever else is raised fails the test."""
    (directory / MANIFEST).write_text(text)
    try:
        return read_manifest(directory)
    except ProjectError as error:
        assert MANIFEST in error.cause
        assert error.hint is not None
        return None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@pytest.mark.slow
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=VALUES | st.just(MISSING))
@example(place=(0, ()), value=[])
@example(place=(0, ("models",)), value={"name": "foo"})
def test_whatever_is_changed_is_said_or_can_be_read(
    tmp_path: Path, place: tuple[int, Steps], value: object
) -> None:
    found = opened(tmp_path, json.dumps(changed(*place, value)))
    if found is not None:
        assert repr(Manifest.from_json(found.to_json())) == repr(found)


@pytest.mark.parametrize("wrong", [7, 0.5, "text", True, [], {}])
def test_a_value_of_another_type_is_refused_wherever_it_is(tmp_path: Path, wrong: object) -> None:
    for number, steps in PLACES:
        was = at(number, steps)
        # Where there is nothing now, something may be.
        if was is None or type(was) is type(wrong):
            continue
        document = changed(number, steps, wrong)
        assert opened(tmp_path, json.dumps(document)) is None, (steps, wrong)


def test_only_what_was_added_later_may_be_missing(tmp_path: Path) -> None:
    may_be_missing = set()
    for number, steps in PLACES:
        if not steps or isinstance(steps[-1], int):
            continue
        if {"options", "files", "renames"} & set(steps[:-1]):
            continue
        if opened(tmp_path, json.dumps(changed(number, steps, MISSING))) is not None:
            may_be_missing.add(steps[-1])
    assert may_be_missing == {
        "stack_least_bytes",
        "rpc",
        "server",
        "library",
        "library_sha256",
        "quantization",
        "quantized_axis",
        "kind",
        "estimate",
        "renames",
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is damaged"),
        ("[" * 100_000, "is damaged"),
        ("\xe9", "is damaged"),
        ('{"format": 99}', "has format 99; this version reads format 1"),
        ('{"format": 1}', "tool is missing"),
        ("{}", "format is missing"),
    ],
)
def test_what_is_no_manifest_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / MANIFEST).write_bytes(text.encode("latin-1"))
    with pytest.raises(ProjectError, match=said):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("steps", "value", "said"),
    [
        (("entrypoint",), "C", "entrypoint needs c or packed, found 'C'"),
        (("models", 0, "inputs", 1, "dtype"), "int9", "alpha has the unknown dtype 'int9'"),
        (("models", 1, "executor"), "vm", r"models\[1\].executor needs one of graph, aot"),
        (("memory", 0, "size_bytes"), "1", r"memory\[0\].size_bytes needs a whole number"),
        (("files", "README.md"), None, r"files.README.md needs a text, found None"),
    ],
)
def test_the_error_says_where_and_what(
    tmp_path: Path, steps: Steps, value: object, said: str
) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps(changed(0, steps, value)))
    with pytest.raises(ProjectError, match=said):
        read_manifest(tmp_path)
