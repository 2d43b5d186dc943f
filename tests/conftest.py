"""What the tests of all rooms share."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from microtvm_boards.project import Project, create, parse_options

PATIENCE = 60.0  # seconds; only what hangs uses them up
SOAK = os.environ.get("MICROTVM_BOARDS_SOAK") == "1"  # make soak
DATA = Path(__file__).parent / "data"
DIGITS = Path(__file__).parent.parent / "examples" / "digits"
# Whose RPC server a packed firmware has.
RUNTIMES = ["own", "standalone_crt"]

CHECK = os.environ.get("MICROTVM_BOARDS_CHECK") == "1"  # make check


def series(sample: int, whole: int) -> int:
    """How many cases of a long series: a sample with `make test`, the whole with `make soak`."""
    return whole if SOAK else sample


_cache = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    # Programs under test inherit what is ignored; a job in the background ignores both.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        # Kernel hosts are built once for a run, and the user's cache stays as it is.
        config.stash[_cache] = os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="cache-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if _cache in config.stash:
        shutil.rmtree(config.stash[_cache], ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture, which may need it too."""
    if item.get_closest_marker("tvm") and importlib.util.find_spec("tvm") is None:
        pytest.skip("TVM is not installed (extra 'tvm', CPython 3.10)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """`make check` hides all tools: what skips there lacks a mark."""
    report = yield
    if CHECK and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{report.longrepr}\nmake check: mark what needs a tool as `tools`"
    return report


@pytest.fixture(scope="session")
def standalone_crt() -> Path:
    """TVM's own C runtime, of which this repository holds nothing."""
    crt = Path(os.environ.get("TVM_HOME", "")) / "build" / "standalone_crt"
    if not (crt / "src").is_dir():
        pytest.skip("TVM_HOME names no TVM tree with build/standalone_crt")
    return crt


@pytest.fixture
def runtime(request: pytest.FixtureRequest) -> str:
    """One of RUNTIMES, with `parametrize(..., indirect=["runtime"])`."""
    if request.param == "standalone_crt":
        request.getfixturevalue("standalone_crt")
    return str(request.param)


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Project]:
    """`make_project("foo_c", board="host", ...)`: a project of tests/data/foo_c.tar (or a path)."""
    made = 0

    def make(mlf: str | Path, **options: object) -> Project:
        nonlocal made
        made += 1
        path = mlf if isinstance(mlf, Path) else DATA / f"{mlf}.tar"
        raw: dict[str, object] = {"board": "host", "model_entrypoint_api": "c", **options}
        crt = raw.pop("standalone_crt_dir", None)
        parsed = parse_options(
            raw, "generate_project", standalone_crt_dir=None if crt is None else str(crt)
        )
        return create(path, tmp_path / f"project{made}", parsed)

    return make
