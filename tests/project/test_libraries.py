"""Several model libraries in one project: names, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.errors import MicroTvmBoardsError
from microtvm_boards.project import Project
from tests.conftest import DATA
from tests.project.tars import renamed

MakeProject = Callable[..., Project]


def names(project: Project) -> list[str]:
    return [model.name for model in project.models]


def test_models_keep_their_names_where_they_differ(make_project: MakeProject) -> None:
    project = make_project("foo_c", more_models=f"{DATA / 'shapes_c.tar'}")
    assert names(project) == ["foo", "shapes"]
    assert not list(project.directory.glob("src/model/*_symbols.h"))


def test_a_name_that_is_taken_gets_a_number(make_project: MakeProject) -> None:
    path = str(DATA / "foo_c.tar")
    assert names(make_project("foo_c", more_models=[path, path])) == ["foo", "foo_2", "foo_3"]


def test_the_option_names_models(make_project: MakeProject) -> None:
    path = DATA / "two_modules_c.tar"
    project = make_project("two_modules_c", more_models=[f"again:{path}", f"x:{DATA}/foo_c.tar"])
    assert names(project) == ["first", "second", "again_first", "again_second", "x"]


def test_every_symbol_of_the_second_library_is_renamed(
    make_project: MakeProject, tmp_path: Path
) -> None:
    one = renamed(DATA / "foo_packed.tar", "foo", "default", tmp_path / "one.tar")
    two = renamed(DATA / "shapes_packed.tar", "shapes", "default", tmp_path / "two.tar")
    project = make_project(one, more_models=[f"b:{two}"])
    header = (project.directory / "src/model/mtvm_b_symbols.h").read_text()
    assert "#define tvmgen_default_run tvmgen_b_run\n" in header
    assert "#define TVMSystemLibEntryPoint tvmgen_b_TVMSystemLibEntryPoint\n" in header
    # TVM's files stay as they came.
    source = "models/b/codegen/host/src/default_lib1.c"
    assert b"tvmgen_default_" in (project.directory / source).read_bytes()
    assert project.models[1].library == "models/b.tar"
    assert (project.directory / "models/b.tar").read_bytes() == two.read_bytes()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["foo:{data}/foo_c.tar"], 'Two models of the project are called "foo"'),
        (["no-name:{data}/foo_c.tar"], 'found the name "no-name"'),
        (["{data}/missing.tar"], "there is none at"),
        (["b:{data}/foo.npz"], "foo.npz"),
        (["{data}/operator.tar"], "single operators"),
    ],
)
def test_what_cannot_be_added_is_refused_and_nothing_is_left(
    make_project: MakeProject, tmp_path: Path, more: list[str], message: str
) -> None:
    before = set(tmp_path.iterdir())
    with pytest.raises(MicroTvmBoardsError, match=message):
        make_project("foo_c", more_models=[text.format(data=DATA) for text in more])
    assert set(tmp_path.iterdir()) == before
