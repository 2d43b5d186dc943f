"""Real firmware with every Zephyr that is here: ZEPHYR_BASE, ~/zephyrproject*, run in QEMU."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from microtvm_boards.errors import BuildError
from microtvm_boards.harness import Harness
from microtvm_boards.platforms import get_platform
from microtvm_boards.platforms.zephyr.board.tree import missing_modules, read_tree
from microtvm_boards.project import Project, create, parse_options
from microtvm_boards.run import connect
from tests.conftest import DATA
from tests.end_to_end.firmware import assert_equal, assert_predicted, read_family

pytestmark = pytest.mark.zephyr


def trees() -> list[Path]:
    found = sorted(Path.home().glob("zephyrproject*/zephyr"))
    if os.environ.get("ZEPHYR_BASE"):
        found = [Path(os.environ["ZEPHYR_BASE"]), *found]
    return list(dict.fromkeys(p.resolve() for p in found if (p / "VERSION").is_file()))


TREES = trees()
NAMES = ["".join(p.parent.name.split("zephyrproject")) or "zephyrproject" for p in TREES]
INPUTS, OUTPUTS = read_family(DATA / "foo.npz")


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    if not TREES:
        pytest.skip("there is no Zephyr tree: neither ZEPHYR_BASE nor ~/zephyrproject")
    for tool in ("arm-none-eabi-gcc", "qemu-system-arm", "cmake", "ninja"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    pytest.importorskip("pykwalify", reason="the extra zephyr is not installed")


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Project]]:
    def make(mlf: str, tree: Path, **options: object) -> Project:
        raw = {"platform": "zephyr", "zephyr_base": str(tree), "model_entrypoint_api": "c"}
        parsed = parse_options({**raw, **options}, "generate_project")
        return create(DATA / f"{mlf}.tar", tmp_path_factory.mktemp("zephyr") / "p", parsed)

    yield make


@pytest.fixture(scope="module", params=TREES or [None], ids=NAMES or ["none"])
def firmware(request: pytest.FixtureRequest, make: Callable[..., Project]) -> Project:
    """A `c` firmware for mps2_an521, built: one for each tree."""
    project = make("foo_c", request.param, board="mps2_an521", optimization="speed")
    get_platform("zephyr").build(project)
    return project


def check(project: Project) -> None:
    with get_platform("zephyr").transport(project) as transport:
        harness = Harness(project, transport, timeout=60)
        harness.start()
        for sample, want in zip(INPUTS[:3], OUTPUTS, strict=False):
            result = harness.run(sample)
            assert_equal(result, want)
            assert 0 < result.stack_bytes < 4096


def test_the_c_entry_point_gives_the_expected_outputs_however_often_it_is_opened(
    firmware: Project,
) -> None:
    check(firmware)
    check(firmware)


def test_the_stack_is_what_the_report_says_and_holds_what_was_used(firmware: Project) -> None:
    stack = get_platform("zephyr").stack_use(firmware)
    assert stack is not None and stack.static_bytes is not None
    config = (firmware.build_dir / "zephyr/.config").read_text()
    assert f"CONFIG_MAIN_STACK_SIZE={stack.reserved_bytes}\n" in config
    assert stack.static_bytes < stack.reserved_bytes
    with get_platform("zephyr").transport(firmware) as transport:
        harness = Harness(firmware, transport, timeout=60)
        harness.start()
        assert harness.run(INPUTS[0]).stack_bytes <= stack.static_bytes


def test_memory_was_predicted(firmware: Project) -> None:
    """Other optimizations than `size` were measured on one board, the others follow it."""
    assert_predicted(firmware)


def test_constants_are_in_flash(firmware: Project) -> None:
    use = {m.memory: m for m in get_platform("zephyr").memory_use(firmware)}
    assert use["RAM"].used_bytes < 16 << 10
    text = (firmware.build_dir / "good/zephyr.map").read_text()
    sections = re.findall(r"^ \.rodata\.tvm\s+0x([0-9a-f]+)\s+0x[1-9a-f]", text, re.MULTILINE)
    assert sections
    assert all(int(address, 16) < 0x20000000 for address in sections)


def test_with_nothing_to_do_a_build_does_nothing_and_one_kernel_is_one_file(
    firmware: Project,
) -> None:
    platform = get_platform("zephyr")
    platform.build(firmware)
    assert "no work to do" in (firmware.build_dir / "build.log").read_text()
    kernel = next((firmware.directory / "model/codegen/host/src").glob("*lib1.c"))
    kernel.write_text(kernel.read_text() + "\nint changed;\n")
    platform.build(firmware)
    log = (firmware.build_dir / "build.log").read_text()
    assert len(re.findall(r"^\[.*-o \S+\.c\.obj -c ", log, re.MULTILINE)) < 6
    assert f"-c {kernel}" in log


def test_an_error_is_the_compilers_own_and_leaves_the_good_firmware(firmware: Project) -> None:
    main = firmware.directory / "src/app/c_harness.c"
    good = main.read_text()
    main.write_text(good + "int broken = ;\n")
    try:
        with pytest.raises(BuildError, match=r"src/app/c_harness.c:\d+: expected expression"):
            get_platform("zephyr").build(firmware)
        assert (firmware.build_dir / "good/zephyr.elf").is_file()
    finally:
        main.write_text(good)
    get_platform("zephyr").build(firmware)


@pytest.mark.parametrize("tree", TREES, ids=NAMES)
def test_the_packed_entry_point_answers_python(make: Callable[..., Project], tree: Path) -> None:
    project = make("foo_packed", tree, board="qemu_cortex_m3", model_entrypoint_api="packed")
    get_platform("zephyr").build(project)
    assert_predicted(project)
    for number in range(2):
        with connect(project) as device:
            if number == 1:  # the emulated UART keeps its rate: the session goes on as it was
                assert not device.speed_up(baud=115200, fast_baud=921600)
                assert device.session.generation == 1
            model = device.model()
            for sample, want in zip(INPUTS[:2], OUTPUTS, strict=False):
                outputs = model.run(sample)
                for got, expected in zip(outputs.values(), want.values(), strict=True):
                    np.testing.assert_array_equal(got.reshape(expected.shape), expected)


@pytest.mark.parametrize("tree", TREES[:1], ids=NAMES[:1])
def test_a_host_board_talks_over_its_pseudo_terminal(
    make: Callable[..., Project], tree: Path
) -> None:
    board = "native_sim/native/64" if read_tree(tree, "").version >= (4,) else "native_posix_64"
    project = make("foo_c", tree, board=board)
    get_platform("zephyr").build(project)
    with get_platform("zephyr").transport(project) as transport:
        harness = Harness(project, transport, timeout=60)
        harness.start()
        assert_equal(harness.run(INPUTS[0]), OUTPUTS[0])
    assert_predicted(project)


@pytest.mark.parametrize("tree", TREES[:1], ids=NAMES[:1])
def test_a_model_with_libm_on_a_real_board(make: Callable[..., Project], tree: Path) -> None:
    if "hal_stm32" in missing_modules(read_tree(tree, "")):
        pytest.skip("the module hal_stm32 is not there")
    project = make("float_c", tree, board="nucleo_f746zg")
    result = get_platform("zephyr").build(project)
    assert {m.memory for m in result.memory} >= {"FLASH", "RAM", "DTCM"}
    config = (project.build_dir / "zephyr/.config").read_text()
    for setting in ("CONFIG_MINIMAL_LIBC=y", "CONFIG_FPU=y", "CONFIG_TIMING_FUNCTIONS=y"):
        assert setting in config
    assert "CONFIG_NEWLIB_LIBC=y" not in config
    assert '"runner": "' in (project.build_dir / "run.json").read_text()
    assert_predicted(project)


@pytest.mark.parametrize("tree", TREES[:1], ids=NAMES[:1])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"zephyr_config": "CONFIG_NO_SUCH_THING=y"}, "undefined symbol NO_SUCH_THING"),
        ({"overlay": "/ { chosen { zephyr,console = &x; }; };"}, "undefined node label 'x'"),
        (
            {
                "overlay": "/ { chosen { /delete-property/ zephyr,console;"
                " /delete-property/ zephyr,shell-uart; }; };"
            },
            "has no UART to talk over",
        ),
    ],
    ids=["Kconfig", "devicetree", "no UART"],
)
def test_a_wrong_setting_is_named_before_anything_is_compiled(
    make: Callable[..., Project],
    tree: Path,
    tmp_path: Path,
    options: dict[str, str],
    words: str,
) -> None:
    given = dict(options)
    if "overlay" in given:
        overlay = tmp_path / "wrong.overlay"
        overlay.write_text(given.pop("overlay"))
        given["zephyr_overlay"] = str(overlay)
    project = make("foo_c", tree, board="qemu_cortex_m3", **given)
    with pytest.raises(BuildError, match=words):
        get_platform("zephyr").build(project)
    assert not list(project.build_dir.rglob("*.c.obj"))
