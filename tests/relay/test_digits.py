"""The digits example: what is committed is what its scripts make, and it recognizes digits."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.mlf import load
from microtvm_boards.resources import template_project

pytestmark = pytest.mark.slow

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits"
TARS = ("digits_c.tar", "digits_packed.tar", "digits_graph.tar")


@pytest.mark.tvm
def test_export_gives_the_committed_files_byte_for_byte(tmp_path: Path) -> None:
    pytest.importorskip("tvm")
    subprocess.run([sys.executable, DIGITS / "export.py", tmp_path], cwd=tmp_path, check=True)
    for name in (*TARS, "test_images.npz"):
        assert (tmp_path / name).read_bytes() == (DIGITS / name).read_bytes(), name


def test_training_again_reaches_the_accuracy_that_is_claimed() -> None:
    pytest.importorskip("sklearn")
    done = subprocess.run(
        [sys.executable, DIGITS / "train.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "held-out images" in done.stdout


def test_the_test_images_are_scikit_learns_and_were_not_trained_on() -> None:
    """Every fifth image of the data is held out; pixels 0 to 16 are stored as 0 to 127."""
    datasets = pytest.importorskip("sklearn.datasets")
    digits = datasets.load_digits()
    with np.load(DIGITS / "test_images.npz") as file:
        assert file["image"].shape == (359, 1, 8, 8, 1)
        assert file["image"].dtype == np.int8
        assert (file["image"][:, 0, :, :, 0] == np.rint(digits.images[4::5] * 127 / 16)).all()
        assert (file["labels"] == digits.target[4::5]).all()


def test_numpys_model_and_tvms_reference_agree_bit_for_bit() -> None:
    """reference is what TVM computed; network.run_int8 is written from the arithmetic's rules."""
    code = """
import numpy as np, network
with np.load(network.TEST_IMAGES) as file:
    outputs = network.run_int8(network.load_weights(), file["image"])
    assert (outputs == file["reference"][:, 0]).all()
    print(np.mean(outputs.argmax(axis=1) == file["labels"]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=DIGITS, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) >= 0.96


@pytest.mark.tools
def test_the_generated_c_gives_the_reference_on_this_machine(tmp_path: Path) -> None:
    for name, content in load(DIGITS / "digits_c.tar").files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    code = tmp_path / "codegen" / "host"
    library = tmp_path / "digits.so"
    includes = [f"-I{d}" for d in (code / "include", template_project() / "src" / "abi")]
    sources = sorted((code / "src").glob("*.c"))
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O1", "-w", *includes, *sources, "-o", library], check=True
    )
    run = ctypes.CDLL(str(library)).tvmgen_digits_run
    with np.load(DIGITS / "test_images.npz") as npz:
        images, reference = npz["image"], npz["reference"]
    logits = np.zeros((1, 10), np.int8)
    # struct tvmgen_digits_inputs and _outputs hold one pointer each.
    for image, expected in zip(images, reference, strict=True):
        image = np.ascontiguousarray(image)
        status = run(
            ctypes.byref(ctypes.c_void_p(image.ctypes.data)),
            ctypes.byref(ctypes.c_void_p(logits.ctypes.data)),
        )
        assert status == 0
        assert (logits == expected).all()


def test_the_model_is_small_enough_for_a_cortex_m0() -> None:
    (module,) = load(DIGITS / "digits_c.tar").modules
    assert sum(buffer.size_bytes for buffer in module.static_buffers) <= 4 * 1024
    assert module.constants_bytes <= 8 * 1024
    assert all((DIGITS / name).stat().st_size <= 100 * 1024 for name in TARS)
