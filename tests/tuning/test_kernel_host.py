"""A firmware that stays, and kernels that come and go: on this computer and in QEMU."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile

from microtvm_boards.errors import (
    BuildError,
    DeviceError,
    ProjectError,
    UsageError,
)
from microtvm_boards.platforms import get_platform
from microtvm_boards.project import create
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.table import ProjectOptions
from microtvm_boards.rpc import Device
from microtvm_boards.rpc.remote import RemoteHandle
from microtvm_boards.rpc.seen import RemoteError
from microtvm_boards.run import connect
from microtvm_boards.tuning.host.image import KernelTooLargeError
from microtvm_boards.tuning.host.kernel_host import KernelHost
from tests.conftest import DATA
from tests.tuning.conftest import EMULATED, prepare
from tests.tuning.kernel_calls import TABLES, A, B, bias_add, call_bias_add, kernel, run, sources_of

pytestmark = pytest.mark.tools

ANY = DeviceOptions()
BOARDS = [pytest.param("host"), pytest.param(EMULATED, marks=pytest.mark.qemu)]


@pytest.fixture(params=BOARDS)
def host(request: pytest.FixtureRequest) -> KernelHost:
    """Prepared once; later it is there."""
    return prepare(request.param)


@pytest.fixture
def device(host: KernelHost) -> Iterator[Device]:
    with host.open(ANY) as opened:
        yield opened


def test_one_kernel_after_the_other_runs_on_a_device_that_stays(
    host: KernelHost, device: Device, tmp_path: Path
) -> None:
    assert host.mode == "window"
    for factor in (1, 2, 3):
        image = host.build(bias_add(factor), tmp_path / str(factor))
        assert image.functions == ("__tvm_main__", "bias_add")
        found = call_bias_add(device, host.load(device, image))
        np.testing.assert_array_equal(found, A.astype(np.int32) + factor * B)
    assert device.session.generation == 1  # nothing was started anew


def test_a_kernel_survives_a_session_and_not_a_start(
    host: KernelHost, device: Device, tmp_path: Path
) -> None:
    host.load(device, host.build(bias_add(), tmp_path))
    device.session.end()
    found = call_bias_add(device, device.system_library())
    np.testing.assert_array_equal(found, A.astype(np.int32) + B)
    with host.open(ANY) as other, pytest.raises(DeviceError, match='no function "bias_add"'):
        other.module_function(other.system_library(), "bias_add")


def test_a_kernel_calls_the_firmware_and_brings_what_it_lacks(
    host: KernelHost, device: Device, tmp_path: Path
) -> None:
    body = """
  volatile float x = 1.0f;
  char *room = TVMBackendAllocWorkspace(1, 0, 1000, 0, 8);
  if (room == NULL || expf(x) < 2.7f || expf(x) > 2.8f) {
    return -1;
  }
  memset(room, 1, 1000);
  return TVMBackendFreeWorkspace(1, 0, room);"""
    assert run(host, device, kernel(body), tmp_path) is None


def test_a_kernel_of_tvm_takes_its_workspace_from_what_is_free_of_the_heap(
    host: KernelHost, device: Device, tmp_path: Path
) -> None:
    sources = sources_of("operator_workspace")
    assert b"TVMBackendAllocWorkspace(1, dev_id, (uint64_t)2592" in sources["lib1.c"]
    library = host.load(device, host.build(sources, tmp_path))
    a = device.allocate((16, 16, 4), "int8")
    total = device.allocate((16, 16), "int32")
    data = np.random.default_rng(3).integers(-128, 128, (16, 16, 4), np.int8)
    device.copy_to(a, data.tobytes())
    function = device.module_function(library, "padded_sum")
    for _ in range(2):  # what it took is free again
        device.call(function, a, total)
    found = np.frombuffer(device.copy_from(total), np.int32).reshape(16, 16)
    padded = np.pad(data.astype(np.int32).sum(axis=2), 1)
    expected = sum(padded[y : y + 16, x : x + 16] for y in range(3) for x in range(3))
    np.testing.assert_array_equal(found, expected)
    assert device.copy_from(a) == data.tobytes()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('TVMAPISetLastError("it says so"); return -1;', "a kernel failed. it says so"),
        (
            "return TVMBackendAllocWorkspace(1, 0, 1u << 30, 0, 8) == NULL ? -1 : 0;",
            "asked for 1073741824 B of workspace",
        ),
    ],
)
def test_a_kernel_that_fails_says_why_and_the_next_one_runs(
    host: KernelHost, device: Device, tmp_path: Path, body: str, message: str
) -> None:
    with pytest.raises(RemoteError, match=message):
        run(host, device, kernel(body), tmp_path / "failing")
    assert run(host, device, kernel("return 0;"), tmp_path / "good") is None


@pytest.mark.parametrize(
    ("sources", "error", "message"),
    [
        (kernel("return ;;x"), BuildError, r"lib1.c:\d+: 'x' undeclared"),
        (kernel("int nowhere(void); return nowhere();"), BuildError, "nowhere"),
        ({"lib0.rs": b""}, ProjectError, "C files and objects"),
        ({"lib0.c": b"", "lib0.o": b""}, ProjectError, "Two sources of the kernel are called lib0"),
    ],
)
def test_what_does_not_build_says_so(
    emulated: KernelHost,
    tmp_path: Path,
    sources: dict[str, bytes],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        emulated.build(sources, tmp_path)


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (
            kernel("return big[*(volatile int *)args];", "static const char big[300000] = {1};"),
            "the window has 262144 B",
        ),
        (
            kernel("volatile char large[70000]; large[9] = 1; return 0;"),
            "kernel of the kernel takes 7.... B of stack; the board has 16384 B",
        ),
    ],
)
def test_what_has_no_room_is_told_before_it_is_loaded(
    emulated: KernelHost, tmp_path: Path, sources: dict[str, bytes], message: str
) -> None:
    with pytest.raises(KernelTooLargeError, match=message):
        emulated.build(sources, tmp_path)


def test_kernels_may_be_objects(host: KernelHost, device: Device, tmp_path: Path) -> None:
    """As TVM's LLVM makes them; here the compiler has."""
    host.build(kernel("return 0;"), tmp_path / "c")
    sources = {"lib0.c": TABLES, "lib1.o": (tmp_path / "c" / "lib1.o").read_bytes()}
    assert run(host, device, sources, tmp_path / "o") is None


def test_kernels_may_include_cmsis_where_it_was_named(tmp_path: Path) -> None:
    """As TVM's for DSP instructions do, up to v0.13. Here it is one of two files."""
    folder = tmp_path / "cmsis" / "Include"
    folder.mkdir(parents=True)
    (folder / "arm_math.h").write_text("#define ARM_MATH_ANSWER 42\n")
    (folder / "arm_nnsupportfunctions.h").write_text("#include <arm_math.h>\n")
    host = prepare(EMULATED, cmsis_path=str(tmp_path / "cmsis"))
    sources = kernel("return ARM_MATH_ANSWER - 42;", "#include <arm_nnsupportfunctions.h>")
    assert host.build(sources, tmp_path / "kernel").functions == ("kernel",)


def test_kernels_are_built_side_by_side_by_whoever_has_the_host(
    emulated: KernelHost, tmp_path: Path
) -> None:
    copy = pickle.loads(pickle.dumps(emulated))
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(copy.build, bias_add(), tmp_path / str(n)) for n in range(4)]
    assert len({job.result().sha256 for job in jobs}) == 1


def code_of(elf: Path, name: str) -> bytes:
    with elf.open("rb") as file:
        found = ELFFile(file)
        symbol = found.get_section_by_name(".symtab").get_symbol_by_name(name)[0]
        section = found.get_section(symbol["st_shndx"])
        start = (symbol["st_value"] & ~1) - section["sh_addr"]
        return section.data()[start : start + symbol["st_size"]]


@pytest.mark.qemu
def test_the_measured_code_is_the_same_in_a_window_in_a_rebuilt_firmware_and_in_a_project(
    emulated: KernelHost, tmp_path: Path
) -> None:
    window = emulated.build(bias_add(), tmp_path / "window")
    rebuilding = prepare(EMULATED, tuning_load="rebuild")
    image = rebuilding.build(bias_add(), tmp_path / "rebuilt")
    project = create(DATA / "operator.tar", tmp_path / "project", ProjectOptions(board=EMULATED))
    whole = get_platform("baremetal").build(project).firmware
    expected = code_of(whole, "bias_add")
    assert len(expected) > 20
    assert code_of(window.path.with_suffix(".elf"), "bias_add") == expected
    assert code_of(image.path / "build/good/firmware.elf", "bias_add") == expected
    with connect(project) as device:
        np.testing.assert_array_equal(
            call_bias_add(device, device.system_library()), A.astype(np.int32) + B
        )


@pytest.mark.parametrize("board", ["host", pytest.param("microbit", marks=pytest.mark.qemu)])
def test_an_incremental_build_and_a_new_start_do_it_too(board: str, tmp_path: Path) -> None:
    """microbit: 16 KiB of RAM leave no room for a window."""
    host = prepare(board, tuning_load="rebuild" if board == "host" else "auto")
    assert host.mode == "rebuild"
    with host.open(ANY) as device:
        for factor in (1, 2):
            image = host.build(bias_add(factor), tmp_path / str(factor))
            assert image.functions == ("__tvm_main__", "bias_add")
            found = call_bias_add(device, host.load(device, image))
            np.testing.assert_array_equal(found, A.astype(np.int32) + factor * B)


@pytest.mark.qemu
def test_an_image_for_another_firmware_or_a_damaged_one_is_refused(
    emulated: KernelHost, tmp_path: Path
) -> None:
    other = prepare(EMULATED, tuning_window_bytes=16384)
    foreign = other.build(bias_add(), tmp_path / "foreign")
    image = emulated.build(bias_add(), tmp_path / "good")
    assert emulated.window is not None
    window = emulated.window
    with emulated.open(ANY) as device:
        with pytest.raises(RemoteError, match="linked against another firmware"):
            emulated.load(device, foreign)
        with pytest.raises(RemoteError, match="the window has 262144"):
            device.call("mtvm.kernel_start", 1 << 20, 0)
        emulated.load(device, image)
        with pytest.raises(RemoteError, match="its CRC differs"):
            device.call("mtvm.kernel_start", image.size_bytes, 12345)
        with pytest.raises(DeviceError, match='no function "bias_add"'):
            device.module_function(device.system_library(), "bias_add")
        window.check(device)
        assert other.window is not None
        with pytest.raises(DeviceError, match="another kernel host"):
            other.window.check(device)


def test_doing_nothing_is_timed_as_a_kernel(host: KernelHost, device: Device) -> None:
    a = device.allocate((4, 8), "int8")
    assert device.call("mtvm.nothing", a, 1, "text") is None
    library = device.system_library()
    settings = (1, 0, 10, 2, 0, 0, 0, 0, 0, "")  # cpu(0), ten calls, twice
    timer = device.call("runtime.RPCTimeEvaluator", library, "mtvm.nothing", *settings)
    assert isinstance(timer, RemoteHandle)
    times = device.call(timer, a)
    assert isinstance(times, bytes)
    assert all(0 <= t < 0.001 for t in np.frombuffer(times, np.float64))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"board": "host", "model_entrypoint_api": "c"}, "only Python can call"),
        ({"board": "host", "more_models": ("x.tar",)}, "tuned without one"),
    ],
)
def test_options_of_models_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        KernelHost.prepare(ProjectOptions(**options))  # type: ignore[arg-type]
