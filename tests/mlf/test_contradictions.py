"""An MLF whose parts disagree, or that lacks a part, is refused with the part's name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.errors import ModelError
from microtvm_boards.mlf import load
from tests.mlf.builder import Spec, T, mlf, tar

Files = dict[str, bytes]
LIB0 = "./codegen/host/src/default_lib0.c"
HEADER = "./codegen/host/include/tvmgen_default.h"


def put(member: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        assert old in files[member]
        files[member] = files[member].replace(old, new)

    return change


def drop(*names: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        for name in names:
            del files[name]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("./metadata.json"), r"it has no metadata\.json, only codegen/host/"),
        (drop(LIB0), "defines tvmgen_default_run"),
        (drop(LIB0, LIB0.replace("0", "1")), "no generated code of module"),
        (drop(HEADER), r"has the c interface, but .*tvmgen_default\.h is missing"),
        (put(HEADER, b"void* x;", b"void* y;"), r"the code has the inputs \['y'\]"),
        (put(HEADER, b"void* x;", b"void* x;\n  void* y;"), r"inputs \['x', 'y'\]"),
        (put(HEADER, b"void* output;", b"void* a;\n  void* b;"), "disagree on the number of out"),
        (put("./src/default.relay", b"(1, 4)", b"(1, 5)"), r'"x" has 4 bytes, .* int8 \[1, 5\]'),
        (
            put("./src/default.relay", b"x: Tensor[(1, 4), int8", b"x: Tensor[(1, 4), int16"),
            '"x" is int8 and int16',
        ),
        (
            put("./src/default.relay", b"x: Tensor[(1", b"x: Tensor[(?"),
            '"x" has no one fixed shape',
        ),
        (put("./metadata.json", b'"int8"', b'"int4"'), r'output "output" is int4 and int8'),
        (put("./parameters/default.params", b"\xb7", b"\xb8"), r"default\.params can't be used"),
        (put("./metadata.json", b'"size": 4', b'"size": 0'), "has 0 bytes"),
        (put("./metadata.json", b'"x"', b'""'), r"the code has the inputs \['x'\]"),
        (put("./metadata.json", b'"default"', b'"my model"'), 'called "my model".* can\'t compile'),
    ],
)
def test_the_error_names_what_does_not_fit(
    tmp_path: Path, change: Callable[[Files], None], message: str
) -> None:
    files = mlf(Spec())
    change(files)
    path = tmp_path / "model.tar"
    path.write_bytes(tar(files))
    with pytest.raises(ModelError, match=message) as caught:
        load(path)
    assert caught.value.cause.startswith(str(path))
    assert caught.value.hint


@pytest.mark.parametrize("dtype", ["int4", "bfloat16", "custom[posit]8"])
def test_a_data_type_that_firmware_has_not_is_refused_by_name(tmp_path: Path, dtype: str) -> None:
    files = mlf(Spec(relay=False))
    metadata = json.loads(files["./metadata.json"])
    main = metadata["modules"]["default"]["memory"]["functions"]["main"][0]
    main["inputs"]["x"]["dtype"] = dtype
    files["./metadata.json"] = json.dumps(metadata).encode()
    path = tmp_path / "model.tar"
    path.write_bytes(tar(files))
    with pytest.raises(ModelError) as caught:
        load(path)
    assert f'input "x" has the data type {dtype}; known are bool, int8' in caught.value.cause


def test_a_tensor_without_elements_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.tar"
    path.write_bytes(tar(mlf(Spec(inputs=(T("x", "int8", (1, 0)),)))))
    with pytest.raises(ModelError, match='input "x" has no elements'):
        load(path)
