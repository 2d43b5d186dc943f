"""Code generators for accelerators may call malloc(): on Zephyr it must have something to give."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.mlf import load
from microtvm_boards.platforms.zephyr.malloc import malloc_bytes
from microtvm_boards.project import Project
from tests.boards.fake_zephyr import make_tree
from tests.conftest import DATA

# As TVM's C code generator for external functions writes it.
CALLS = b"""\
#include <stdlib.h>
void external(void) {
  float* buf_0 = (float*)malloc(4 * 100);
  float* buf_1 = (float*)malloc(4 * 100);
  free(buf_0); free(buf_1);
}
"""


@pytest.mark.parametrize(
    ("code", "size"),
    [
        (b"", 0),
        (b"void my_malloc(int); int mallocs(void);", 0),
        (b"p = malloc(100);", 384),  # 100, 16 for the block, 256 once, in steps of 64
        (CALLS, 1088),
        (b"p = calloc(10, 40);", 704),
        (b"p = malloc (n * sizeof(float)) ;", 4416),  # nobody knows: 4096
    ],
)
def test_what_malloc_must_give_is_the_sum_of_its_calls(code: bytes, size: int) -> None:
    model = load(DATA / "foo_c.tar")
    assert malloc_bytes([model], {"a.c": code, "a.txt": CALLS}) == size


@pytest.fixture
def base(tmp_path: Path) -> str:
    return str(make_tree(tmp_path / "zephyrproject"))


@pytest.fixture
def extra(tmp_path: Path) -> Path:
    path = tmp_path / "extra.tar"
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("external.c")
        member.size = len(CALLS)
        tar.addfile(member, io.BytesIO(CALLS))
    return path


def test_a_project_whose_code_calls_malloc_has_a_heap_and_another_has_none(
    make_project: Callable[..., Project], base: str, extra: Path
) -> None:
    options = {"board": "disco_l4", "zephyr_base": base}
    without = make_project("foo_c", **options)
    assert "MALLOC" not in (without.directory / "prj.conf").read_text()
    with_calls = make_project("foo_c", **options, extra_files_tar=str(extra))
    assert "CONFIG_MTVM_MALLOC_BYTES=1088\n" in (with_calls.directory / "prj.conf").read_text()
