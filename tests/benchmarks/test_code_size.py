"""What `create` estimates by is measured once, and never below what was measured."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks import compiled_code
from benchmarks.code_size import by_library, fit_frames, fit_sizes
from microtvm_boards.project.needs.stack_estimate import frame_features, role
from tests.conftest import DATA, DIGITS

CORES = {"v7m": ("mps2_an386",)}
TARS = [DIGITS / "digits_c.tar", DATA / "foo_packed.tar", DATA / "float_graph.tar"]

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(
        shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
    ),
]


@pytest.fixture
def remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "remembered"
    monkeypatch.setattr(compiled_code, "REMEMBERED", folder)
    return folder


def test_what_was_compiled_is_not_compiled_again(
    remembered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = compiled_code.compile_all(TARS[:1], CORES, ["size"], 2)
    assert [f.name for f in first[0].functions] and list(remembered.glob("*.json"))

    def fail(*_: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(compiled_code, "_compile", fail)
    assert compiled_code.compile_all(TARS[:1], CORES, ["size"], 2) == first
    with pytest.raises(AssertionError, match="compiled again"):
        compiled_code.compile_all(TARS[:1], CORES, ["none"], 2)


def test_estimates_are_near_in_code_and_never_below_in_frames(remembered: Path) -> None:
    pytest.importorskip("scipy")
    samples = compiled_code.compile_all(TARS, CORES, ["none"], 2)
    weights, frames = fit_sizes(samples), fit_frames(samples)
    for library in by_library(samples):
        size = sum(sample.sizes.sum() for sample in library)
        estimate = sum((sample.counts @ weights).sum() for sample in library)
        assert abs(estimate - size) <= 0.15 * size
    for sample in samples:
        for function in sample.functions:
            features = frame_features(function, True)
            fitted = zip(frames[role(function.name)], features, strict=True)
            frame = sum(weight * value for weight, value in fitted) + function.array_bytes
            assert frame >= sample.found[function.name][1]
