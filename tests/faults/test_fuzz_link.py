"""libFuzzer on the C link and session, and on all of a firmware's RPC, under address and
undefined-behaviour sanitizers.

`make test` runs the same inputs every time, `make soak` more of them, and other ones each time.
What is worth keeping goes into corpus/ by hand: `fuzz -merge=1 tests/faults/corpus NEW`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.project import Project
from tests.conftest import PATIENCE, SOAK, series
from tests.faults.cable import HERE, INCLUDES, LINK_SOURCES

pytestmark = pytest.mark.tools

CORPUS = HERE / "corpus"
LINK_INPUTS = series(5_000, 100_000)
FIRMWARE_INPUTS = series(5_000, 200_000)
HOURS = 2 * 3600.0  # of a machine that has more to do; only what hangs uses them up
SANITIZERS = ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"]
FLAGS = ["clang", "-std=gnu99", "-g", "-O1", *SANITIZERS]


@pytest.fixture(scope="module")
def clang(tmp_path_factory: pytest.TempPathFactory) -> None:
    if shutil.which("clang") is None:
        pytest.skip("clang is not installed")
    directory = tmp_path_factory.mktemp("trial")
    trial = directory / "trial.c"
    trial.write_text("int LLVMFuzzerTestOneInput(const char *d, long n) { return d[n] && 0; }\n")
    tried = subprocess.run(
        [*FLAGS, str(trial), "-o", str(directory / "trial")],
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode != 0:
        pytest.skip(f"this clang has no libFuzzer: {tried.stderr.strip().splitlines()[-1]}")


@pytest.mark.usefixtures("clang")
def test_link_and_session(tmp_path: Path) -> None:
    program = tmp_path / "fuzz"
    sources = [HERE / "fuzz_link.c", HERE / "link_device.c", *LINK_SOURCES]
    strict = ["-Wall", "-Wextra", "-Werror"]
    command = [*FLAGS, *strict, *INCLUDES, *map(str, sources), "-o", str(program)]
    subprocess.run(command, check=True)
    fuzz(program, tmp_path, LINK_INPUTS)


@pytest.mark.usefixtures("clang")
def test_firmware(make_project: Callable[..., Project], tmp_path: Path) -> None:
    """Everything that a host can reach: dispatch, codec, features, heap, executor, kernels."""
    program = tmp_path / "fuzz"
    project = make_project("foo_packed", model_entrypoint_api="packed")
    src = project.directory / "src"
    sources = [path for part in ("rpc", "model", "runtime") for path in (src / part).rglob("*.c")]
    sources += (project.directory / "model" / "codegen").rglob("*.c")
    folders = [src / part for part in ("rpc", "model", "abi", "runtime", "port")]
    folders.append(project.directory / "model" / "codegen" / "host" / "include")
    command = [*FLAGS, "-DFUZZ_FIRMWARE", "-w", *(f"-I{folder}" for folder in folders)]
    command += [str(HERE / "fuzz_link.c"), *map(str, sources), "-lm", "-o", str(program)]
    subprocess.run(command, check=True)
    fuzz(program, tmp_path, FIRMWARE_INPUTS)


def fuzz(program: Path, scratch: Path, inputs: int) -> None:
    """First the corpus, then what libFuzzer makes of it."""
    seeds = sorted(map(str, CORPUS.iterdir()))
    assert seeds
    new = scratch / "new"
    new.mkdir()
    run([program, *seeds])
    seed = [] if SOAK else ["-seed=1"]
    output = run(
        [
            *(program, f"-runs={inputs}", *seed, "-max_len=1024", f"-timeout={PATIENCE:.0f}"),
            *(f"-artifact_prefix={scratch}/", "-print_final_stats=1", str(new), str(CORPUS)),
        ]
    )
    executed = re.search(r"number_of_executed_units: (\d+)", output)
    assert executed is not None
    assert int(executed[1]) >= inputs


def run(command: list[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=HOURS, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stderr
