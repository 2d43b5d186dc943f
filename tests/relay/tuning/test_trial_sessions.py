"""Sessions with boards that RPC servers make for trials, through a tracker."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.processes import alive_after, descendants, my_descendants
from tests.relay.tuning.trials import DATA, OPERATOR, Lab, broken, lab

tvm = pytest.importorskip("tvm")
pytestmark = pytest.mark.tvm

ROOT = Path(__file__).parents[3]
EMULATED = {"board": "mps2_an386"}
ANY = 2000  # bytes; from here on copies over two hops were corrupted


@pytest.fixture(scope="module")
def two_servers() -> Iterator[Lab]:
    """Of boards "a" and "b"."""
    with lab(["a", "b"]) as running:
        yield running


def needs_qemu() -> None:
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")


def add(remote: Any, library: Any) -> None:
    """Runs the operator, and checks what it gives."""
    device = remote.cpu(0)
    x = np.arange(32, dtype="int8").reshape(4, 8)
    bias = np.arange(8, dtype="int8").reshape(1, 8)
    out = tvm.nd.empty((4, 8), "int32", device)
    library[library.entry_name](tvm.nd.array(x, device), tvm.nd.array(bias, device), out)
    np.testing.assert_array_equal(out.numpy(), x.astype("int32") + bias)


def assert_copies(remote: Any, sizes: list[int]) -> None:
    for size in sizes:
        data = np.random.default_rng(size).integers(0, 256, size, dtype="uint8")
        array = tvm.nd.array(data, remote.cpu(0))
        np.testing.assert_array_equal(array.numpy(), data)


def test_copies_of_any_length_arrive_over_both_hops(two_servers: Lab) -> None:
    """From here to a server, and from there to the board; two boards at a time."""
    with (
        two_servers.trial("a", {}) as (one, library),
        two_servers.trial("b", {}) as (other, _),
    ):
        assert_copies(one, [1, ANY - 1, ANY, 20_000, 500_000])
        assert_copies(other, [20_000])
        add(one, library)


def test_two_emulated_boards_at_a_time(two_servers: Lab) -> None:
    """Keys of the tracker that are no serial numbers mean the emulators of their servers."""
    needs_qemu()
    with (
        two_servers.trial("a", EMULATED, platform="baremetal") as (one, library),
        two_servers.trial("b", EMULATED, platform="baremetal") as (other, other_library),
    ):
        assert_copies(one, [ANY, 20_000])
        add(other, other_library)
        add(one, library)


CRASH = "__builtin_trap();"
HANG = 'for (;;) __asm__ volatile("");'


@pytest.mark.parametrize(
    ("body", "options", "words"),
    [
        ("", {"bord": "host"}, r'preflight failed: There is no option "bord".*"board"'),
        ("", {"board": "hosst"}, r'preflight failed: There is no board "hosst"'),
        ("int32_t x = ;", {}, r"build failed: .*expected expression"),
        ("extern int nobody(void); nobody();", {}, r"(link|load) failed: .*nobody"),
        (CRASH, {}, r"run failed: .*SIG(ILL|TRAP)"),
        ("return -1;", {}, r"run failed: .*MTVM_RPC_E_MODEL"),
    ],
)
def test_a_trial_that_fails_says_where_and_the_next_one_runs(
    two_servers: Lab, tmp_path: Path, body: str, options: dict[str, str], words: str
) -> None:
    with (
        pytest.raises(tvm.TVMError, match=f"(?s){words}") as error,
        two_servers.trial("a", options, broken(tmp_path, body)) as (remote, library),
    ):
        add(remote, library)
    text = str(error.value)
    assert "Traceback" not in text and "rpc_endpoint" not in text
    with two_servers.trial("a", {}) as (remote, library):
        add(remote, library)


def test_a_kernel_that_hangs_is_given_up_when_its_time_is_over(
    two_servers: Lab, tmp_path: Path
) -> None:
    before = my_descendants()
    with (
        pytest.raises(tvm.TVMError, match="session has expired"),
        two_servers.trial("a", {}, broken(tmp_path, HANG), timeout=8) as (remote, library),
    ):
        add(remote, library)
    assert not alive_after(my_descendants() - before)
    with two_servers.trial("a", {}) as (remote, library):
        add(remote, library)


def test_without_a_system_library_python_would_find_no_function(
    two_servers: Lab, tmp_path: Path
) -> None:
    path = tmp_path / "plain.tar"
    with tarfile.open(OPERATOR) as old, tarfile.open(path, "w") as new:
        for member in old.getmembers():
            if not member.name.endswith("lib0.c"):  # its tables
                new.addfile(member, old.extractfile(member))
    with (
        pytest.raises(tvm.TVMError, match=r"without a system library.*\n.*LocalBuilder"),
        two_servers.trial("a", {}, path),
    ):
        pass


def test_a_project_of_a_trial_can_be_kept_and_taken_again(two_servers: Lab, tmp_path: Path) -> None:
    """AutoTvmModuleLoader's project_dir and use_existing, for debugging; here with a model."""
    model = DATA / "keywords_packed.tar"
    for use_existing in (False, False, True):
        with two_servers.trial("a", {}, model, project_dir=tmp_path, use_existing=use_existing) as (
            remote,
            _,
        ):
            assert_copies(remote, [100])
        assert (tmp_path / "generated-project" / "project.json").is_file()


def test_a_server_on_another_computer_has_its_own_template(
    two_servers: Lab, tmp_path: Path
) -> None:
    """microtvm-boards rpc-server: the client's template isn't there, and its key says nothing."""
    command = [sys.executable, "-m", "microtvm_boards.cli", "rpc-server", "--silent"]
    command += ["--host", "127.0.0.1", "--port", "9190", "--port-end", "9990"]
    command += ["--tracker", f"127.0.0.1:{two_servers.port}", "--key", "desk"]
    with subprocess.Popen(command, cwd=ROOT) as server:
        try:
            remote = tvm.rpc.connect_tracker("127.0.0.1", two_servers.port).request(
                "desk",
                session_constructor_args=[
                    "tvm.micro.compile_and_create_micro_session",
                    OPERATOR.read_bytes(),
                    str(tmp_path / "not here"),
                    json.dumps({"board": "host", "serial_number": "desk"}),
                    None,
                    False,
                ],
            )
            add(remote, remote.get_function("runtime.SystemLib")())
            remote._sess.get_function("CloseRPCConnection")()
        finally:
            below = descendants(server.pid)
            server.terminate()
    assert not alive_after(below)


def test_a_server_that_would_not_know_its_boards_is_refused() -> None:
    command = [sys.executable, "-m", "microtvm_boards.cli", "rpc-server", "--no-fork"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Try: leave --no-fork out" in done.stderr
