"""Real HAL code out of an STM32Cube package: built for every board, run where QEMU has the chip."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from microtvm_boards.boards import board_names, load_board
from microtvm_boards.errors import BuildError, ToolNotFoundError
from microtvm_boards.harness import Harness
from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.stm32cube.section import Stm32
from microtvm_boards.project import Project
from microtvm_boards.rpc import RemoteError
from microtvm_boards.rpc.fast_rate import SETTLE_SECONDS
from microtvm_boards.run import connect
from tests.conftest import DIGITS
from tests.platforms.cube_tree import make_package, need_package

pytestmark = [pytest.mark.stm32cube, pytest.mark.qemu]

EMULATED = ["netduinoplus2", "stm32vldiscovery"]
OTHERS = [
    n for n in board_names() if load_board(n).section(Stm32) is not None and n not in EMULATED
]
SMALL = {"stack_size_bytes": 2048}  # what 8 KB of RAM leave
STRICT = {"warning_as_error": True}
MakeProject = Callable[..., Project]
Cmake = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def tools() -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")


def build(project: Project) -> Project:
    get_platform(project.platform).build(project)
    return project


def digits() -> tuple[Any, Any]:
    with np.load(DIGITS / "test_images.npz") as archive:
        return archive["image"][:10], archive["reference"][:10]


@pytest.mark.parametrize("name", OTHERS)
def test_it_builds_without_a_warning_of_ours(make_project: MakeProject, name: str) -> None:
    need_package(load_board(name))
    project = make_project("foo_c", board=name, **STRICT)
    memory = {m.memory: m for m in get_platform("stm32cube").build(project).memory}
    assert 4096 < memory["FLASH"].used_bytes < 32768


@pytest.mark.parametrize(
    ("kind", "board"),
    [("c", "netduinoplus2"), ("graph", "netduinoplus2"), ("packed", "stm32vldiscovery")],
)
def test_the_c_entry_answers_as_the_host_does(
    make_project: MakeProject, kind: str, board: str
) -> None:
    need_package(load_board(board))
    tar = DIGITS / f"digits_{kind}.tar"
    project = build(make_project(tar, board=board, **SMALL, **STRICT))
    images, expected = digits()
    with get_platform("stm32cube").transport(project) as transport:
        harness = Harness(project, transport, timeout=60)
        harness.start()
        results = [harness.run({"image": image}) for image in images]
    for result, want in zip(results, expected, strict=True):
        (got,) = result.outputs.values()
        np.testing.assert_array_equal(got.reshape(want.shape), want)
        assert 0 < result.stack_bytes < 2048
    # Time follows instructions: equal work takes equal time but for the HAL's tick.
    ticks = [result.ticks for result in results]
    assert max(ticks) - min(ticks) < min(ticks) // 100


@pytest.mark.parametrize(
    ("kind", "board"), [("packed", "netduinoplus2"), ("c", "stm32vldiscovery")]
)
def test_the_packed_entry_answers_as_the_host_does(
    make_project: MakeProject, kind: str, board: str
) -> None:
    need_package(load_board(board))
    tar = DIGITS / f"digits_{kind}.tar"
    options = {"model_entrypoint_api": "packed", **SMALL, **STRICT}
    project = build(make_project(tar, board=board, **options))
    images, expected = digits()
    with connect(project) as device:
        model = device.model()
        for image, want in zip(images, expected, strict=True):
            (got,) = model.run({"image": image}).values()
            np.testing.assert_array_equal(got.reshape(want.shape), want)


def test_the_rate_changes_after_the_answer(make_project: MakeProject) -> None:
    """Through the HAL's own UART set-up. QEMU's line has no rate: the session goes on."""
    need_package(load_board("netduinoplus2"))
    tar = DIGITS / "digits_c.tar"
    options = {"model_entrypoint_api": "packed", **SMALL, **STRICT}
    project = build(make_project(tar, board="netduinoplus2", **options))
    images, expected = digits()
    with connect(project) as device:
        # Of 16 MHz: divided by 17, and by less than 16, which the UART refuses and stays as it is.
        for rate in (921600, 4_000_000):
            assert device.call("mtvm.set_baud", rate) is None
            # What comes while the UART is set up anew is lost. The emulator may have to wait for a
            # processor of ours; after a second without a word the firmware goes back.
            time.sleep(20 * SETTLE_SECONDS)
            (got,) = device.model().run({"image": images[0]}).values()
            np.testing.assert_array_equal(got.reshape(expected[0].shape), expected[0])
        with pytest.raises(RemoteError, match="below the boot rate 115200"):
            device.call("mtvm.set_baud", 9600)
        assert device.session.generation == 1


def test_it_says_what_it_is_clocked_by(make_project: MakeProject) -> None:
    """QEMU has neither a crystal nor a PLL, and its 32-bit timer counts."""
    board = load_board("netduinoplus2")
    need_package(board)
    project = build(make_project("foo_c", board="netduinoplus2"))
    with get_platform("stm32cube").transport(project) as transport:
        line = b""
        while not line.endswith(b"\n"):
            line += transport.read(1, 20.0)
    assert line == b"clock 16000000 Hz from the clock after reset, timer TIM2\n"


def test_lines_longer_than_the_ring_never_stall(make_project: MakeProject) -> None:
    """The harness reads 768 digits a run through a ring of 64 bytes, which fills up on the way."""
    need_package(load_board("netduinoplus2"))
    project = build(make_project("foo_c", board="netduinoplus2"))
    rng = np.random.default_rng(0)
    tensors = project.models[0].inputs
    with get_platform("stm32cube").transport(project) as transport:
        harness = Harness(project, transport, timeout=60)
        harness.start()
        for _ in range(60):
            sample = {t.name: rng.integers(-128, 128, t.shape, dtype=t.dtype) for t in tensors}
            assert harness.run(sample).status_name == "MTVM_OK"


@pytest.mark.parametrize("board", EMULATED)
def test_main_ends_the_emulator_with_its_status(make_project: MakeProject, board: str) -> None:
    need_package(load_board(board))
    project = build(make_project("foo_c", board=board, app="minimal", **SMALL, **STRICT))
    command = ["qemu-system-arm", "-M", board, "-display", "none", "-monitor", "none"]
    command += ["-semihosting-config", "enable=on,target=native"]
    command += ["-kernel", str(get_platform("stm32cube").firmware(project))]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0


def test_buffers_go_where_the_option_says(make_project: MakeProject, tmp_path: Path) -> None:
    """Real memory of the emulated chip, described as two."""
    need_package(load_board("netduinoplus2"))
    text = load_board("netduinoplus2").source.read_text()
    whole = "{name: RAM, origin: 0x20000000, size: 128K, use: ram}"
    assert whole in text
    halves = "{name: RAM, origin: 0x20000000, size: 112K, use: ram}\n"
    halves += "  - {name: SRAM2, origin: 0x2001C000, size: 16K, use: ram}"
    path = tmp_path / "split.yaml"
    path.write_text(text.replace(whole, halves))
    tar = DIGITS / "digits_graph.tar"
    project = make_project(tar, board=str(path), pools="storage:SRAM2", **STRICT)
    memory = {m.memory: m.used_bytes for m in get_platform("stm32cube").build(project).memory}
    assert memory["SRAM2"] > 0
    images, expected = digits()
    with get_platform("stm32cube").transport(project) as transport:
        harness = Harness(project, transport, timeout=60)
        harness.start()
        (got,) = harness.run({"image": images[0]}).outputs.values()
    np.testing.assert_array_equal(got.reshape(expected[0].shape), expected[0])


@pytest.fixture
def plain_cmake(tmp_path: Path) -> Cmake:
    """`plain_cmake(directory, ARGUMENTS...)`: with nothing on the PATH but the compiler, CMake and
    what these start, and none of our variables. No Python at all."""
    programs = tmp_path / "programs"
    programs.mkdir()
    suffixes = (
        "gcc",
        "g++",
        "as",
        "ld",
        "ar",
        "nm",
        "ranlib",
        "objcopy",
        "objdump",
        "size",
        "strip",
    )
    for name in ("cmake", "ninja", "make", "sh", *(f"arm-none-eabi-{s}" for s in suffixes)):
        if (path := shutil.which(name)) is not None:
            (programs / name).symlink_to(path)

    def run(
        directory: Path, *arguments: str, home: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["cmake", *arguments],
            cwd=directory,
            env={"HOME": str(home or Path.home()), "PATH": str(programs)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_project_builds_without_us_and_twice_to_the_same_bytes(
    make_project: MakeProject, plain_cmake: Cmake
) -> None:
    need_package(load_board("netduinoplus2"))
    project = make_project("foo_c", board="netduinoplus2")
    built = []
    for _ in range(2):
        for arguments in (("-S", ".", "-B", "build"), ("--build", "build")):
            done = plain_cmake(project.directory, *arguments)
            assert done.returncode == 0, done.stderr
        built.append((project.build_dir / "firmware.elf").read_bytes())
        shutil.rmtree(project.build_dir)
    assert built[0] == built[1]


@pytest.mark.skipif(shutil.which("ninja") is None, reason="the presets are for Ninja")
def test_an_ide_builds_it_by_its_presets(make_project: MakeProject, plain_cmake: Cmake) -> None:
    """What VS Code does: list, configure, build. CMake itself refuses keys that it doesn't know
    of the file's version."""
    need_package(load_board("netduinoplus2"))
    project = make_project("foo_c", board="netduinoplus2")
    for kind in ("configure", "build"):
        listed = plain_cmake(project.directory, f"--list-presets={kind}").stdout
        assert re.findall(r'^ +"(\w+)"', listed, re.MULTILINE) == ["Release", "Debug"]
    levels = {}
    for preset in ("Release", "Debug"):
        for arguments in (("--preset", preset), ("--build", "--preset", preset)):
            done = plain_cmake(project.directory, *arguments)
            assert done.returncode == 0, done.stdout + done.stderr
        folder = project.build_dir / preset
        assert (folder / "firmware.elf").is_file()
        commands = json.loads((folder / "compile_commands.json").read_text())
        levels[preset] = {re.findall(r" (-O\w+)", c["command"])[-1] for c in commands}
    assert levels == {"Release": {"-Os"}, "Debug": {"-Og"}}


def test_cmake_alone_says_what_is_missing(
    make_project: MakeProject, plain_cmake: Cmake, tmp_path: Path
) -> None:
    project = make_project("foo_c", board="netduinoplus2")
    done = plain_cmake(project.directory, "-S", ".", "-B", "build", home=tmp_path)
    assert done.returncode != 0
    text = " ".join(done.stderr.split())
    assert "The package STM32Cube_FW_F4 with" in text
    assert "https://github.com/STMicroelectronics/STM32CubeF4" in text
    assert "-DSTM32CUBE_F4_PATH=PATH" in text


def test_without_a_package_nothing_is_built(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("STM32CUBE_F4_PATH", raising=False)
    project = make_project("foo_c", board="netduinoplus2")
    with pytest.raises(ToolNotFoundError, match="STM32Cube_FW_F4 is needed"):
        build(project)
    assert not project.build_dir.exists()


def test_another_package_is_taken_when_it_is_chosen(
    make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The build goes on with what is chosen now, not with what was configured once."""
    need_package(load_board("netduinoplus2"))
    project = build(make_project("foo_c", board="netduinoplus2"))
    empty = make_package(tmp_path / "empty", "F4", "stm32f405xx")
    monkeypatch.setenv("STM32CUBE_F4_PATH", str(empty))
    with pytest.raises(BuildError):
        build(project)
    assert f"STM32Cube package: {empty}" in (project.build_dir / "build.log").read_text()
