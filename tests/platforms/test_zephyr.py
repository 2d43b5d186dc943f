"""Platform zephyr before and after CMake runs: command lines, tool chains, devicetree, runners."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from microtvm_boards.errors import (
    BuildError,
    ProjectError,
    ToolNotFoundError,
    TransportError,
    UsageError,
)
from microtvm_boards.platforms.build_errors import FirstError, explain
from microtvm_boards.platforms.zephyr import build as zephyr_build
from microtvm_boards.platforms.zephyr import run as zephyr_run
from microtvm_boards.platforms.zephyr import stack as zephyr_stack
from microtvm_boards.platforms.zephyr.board.devicetree import Devicetree
from microtvm_boards.platforms.zephyr.board.tree import ZephyrTree, read_tree
from microtvm_boards.platforms.zephyr.built_devicetree import memories, read_config
from microtvm_boards.platforms.zephyr.errors import hint, unusable_uart
from microtvm_boards.platforms.zephyr.options import ZephyrOptions
from microtvm_boards.platforms.zephyr.platform import ZephyrPlatform
from microtvm_boards.platforms.zephyr.run import RunFacts
from microtvm_boards.project import Project
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.options.parse import parse_options
from microtvm_boards.transports import ports
from microtvm_boards.transports.emulator import EmulatorTransport
from microtvm_boards.transports.ports import SerialPort
from microtvm_boards.transports.pseudotty import PseudottyTransport
from microtvm_boards.transports.serial import SerialTransport
from tests.boards.fake_zephyr import make_tree, write
from tests.platforms.test_build_errors import captured

Make = Callable[..., Project]
DTS = """\
/dts-v1/;

/ {
\t#address-cells = < 0x1 >;
\t#size-cells = < 0x1 >;
\tchosen {
\t\tzephyr,sram = &sram0;  /* in zephyr/boards/x.dts:1 */
\t\tzephyr,console = &uart0;
\t};
\tsoc {
\t\t#address-cells = < 0x1 >;
\t\t#size-cells = < 0x1 >;
\t\tuart0: arduino_serial: serial@40004000 {
\t\t\tcompatible = "arm,cmsdk-uart", "with;semicolon";
\t\t\treg = < 0x40004000 0x1000 >;
\t\t\tstatus = "okay";
\t\t\tcurrent-speed = < 0x1c200 >;
\t\t};
\t\tuart1: serial@40005000 {
\t\t\tstatus = "disabled";
\t\t};
\t};
\tsram0: memory@20000000 {
\t\treg = < 0x20000000 0x10000 >;
\t};
\tdtcm: memory@10000000 {
\t\tcompatible = "zephyr,memory-region";
\t\treg = < 0x10000000 0x4000 >;
\t\tzephyr,memory-region = "DTCM";
\t};
};
"""
CONFIG = """\
# CONFIG_SPI is not set
CONFIG_BOARD="disco_l4"
CONFIG_FLASH_SIZE=256
CONFIG_FLASH_BASE_ADDRESS=0x0
CONFIG_SRAM_SIZE=64
CONFIG_SRAM_BASE_ADDRESS=0x20000000
CONFIG_XIP=y
CONFIG_MAIN_STACK_SIZE=4096
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ZephyrTree:
    """A tree outside of any workspace, which every project of the test uses."""
    base = make_tree(tmp_path / "zephyrproject")
    monkeypatch.setenv("ZEPHYR_BASE", str(base))
    for name in ("ZEPHYR_TOOLCHAIN_VARIANT", "ZEPHYR_SDK_INSTALL_DIR", "ZEPHYR_MODULES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return read_tree(base, "test")


def configured(project: Project, dts: str = DTS, config: str = CONFIG) -> Project:
    write(project.build_dir / "zephyr/zephyr.dts", dts)
    write(project.build_dir / "zephyr/.config", config)
    return project


# Configuring


@pytest.mark.tools
def test_cmake_gets_board_python_and_the_modules_that_are_there(
    make_project: Make, tree: ZephyrTree
) -> None:
    project = make_project("foo_c", board="disco_l4", cmake_args=["-DSHIELD=x"])
    command = zephyr_build.configure_command(project, tree)
    assert command[:3] == ["cmake", "-G", "Ninja"]
    assert "-DBOARD=disco_l4" in command
    assert any(word.startswith("-DPython3_EXECUTABLE=") for word in command)
    hal = tree.base.parent / "modules/hal"
    assert f"-DZEPHYR_MODULES={hal / 'cmsis'};{hal / 'nordic'}" in command
    assert command[-1] == "-DSHIELD=x"


@pytest.mark.tools
def test_in_a_workspace_west_says_which_modules_there_are(
    make_project: Make, tree: ZephyrTree
) -> None:
    pytest.importorskip("west")
    write(tree.base.parent / ".west/config", "[manifest]\npath = zephyr\n")
    command = zephyr_build.configure_command(make_project("foo_c", board="disco_l4"), tree)
    assert not any("ZEPHYR_MODULES" in word for word in command)


@pytest.mark.tools
def test_modules_of_the_user_are_left_alone(
    make_project: Make, tree: ZephyrTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZEPHYR_MODULES", "/mine")
    command = zephyr_build.configure_command(make_project("foo_c", board="disco_l4"), tree)
    assert not any("ZEPHYR_MODULES" in word for word in command)


def test_python_packages_that_are_missing_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zephyr_build, "find_spec", lambda name: None if name == "pykwalify" else 1)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ToolNotFoundError, match="not installed: pykwalify") as caught:
        zephyr_build.find_python()
    assert "microtvm-boards[zephyr]" in caught.value.hint


def test_the_tool_chain_follows_the_architecture(
    make_project: Make, tree: ZephyrTree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gcc = tmp_path / "gcc-arm/bin/arm-none-eabi-gcc"
    write(gcc, "#!/bin/sh\n")
    gcc.chmod(0o755)
    arm = make_project("foo_c", board="disco_l4").board
    host = make_project("foo_c", board="native_posix_64").board
    monkeypatch.setenv("PATH", str(gcc.parent))
    assert zephyr_build.find_toolchain(arm, tree).environment == {
        "ZEPHYR_TOOLCHAIN_VARIANT": "gnuarmemb",
        "GNUARMEMB_TOOLCHAIN_PATH": str(tmp_path / "gcc-arm"),
    }
    chosen = zephyr_build.find_toolchain(host, tree).environment
    assert chosen == {"ZEPHYR_TOOLCHAIN_VARIANT": "host"}
    (tmp_path / "zephyr-sdk-0.16.1").mkdir()  # in the home directory
    assert zephyr_build.find_toolchain(arm, tree).environment == {}
    monkeypatch.setenv("ZEPHYR_TOOLCHAIN_VARIANT", "espressif")
    assert zephyr_build.find_toolchain(host, tree).environment == {}


def test_other_architectures_need_the_sdk(
    make_project: Make, tmp_path: Path, tree: ZephyrTree
) -> None:
    base = make_tree(tmp_path / "four", "4.1.0")
    board = make_project("foo_c", board="duo/nrf1/net", zephyr_base=str(base)).board
    with pytest.raises(ToolNotFoundError, match="architecture riscv") as caught:
        zephyr_build.find_toolchain(board, tree)
    assert "zephyr_sdk" in caught.value.hint


def test_a_build_of_another_tree_or_board_is_forgotten_but_not_the_good_firmware(
    make_project: Make, tree: ZephyrTree
) -> None:
    project = make_project("foo_c", board="disco_l4")
    cache = f"ZEPHYR_BASE:PATH={tree.base}\nCACHED_BOARD:STRING=disco_l4\n"
    for name in ("CMakeCache.txt", "zephyr/.config", "good/zephyr.elf", "build.log"):
        write(project.build_dir / name, cache)
    zephyr_build.forget_other_configuration(project, tree)
    assert (project.build_dir / "zephyr/.config").is_file()
    zephyr_build.forget_other_configuration(project, replace(tree, base=Path("/other")))
    assert sorted(p.name for p in project.build_dir.iterdir()) == ["build.log", "good"]


def test_zephyr_base_of_the_build_step_wins(make_project: Make, tree: ZephyrTree) -> None:
    project = make_project("foo_c", board="disco_l4", zephyr_base=str(tree.base))
    assert project.options.of(ZephyrOptions).zephyr_base == str(tree.base)
    build = parse_options({"zephyr_base": "/other"}, "build")
    assert project.with_options(build).options.of(ZephyrOptions).zephyr_base == "/other"
    assert project.with_options(parse_options({}, "build")).options == project.options


# Devicetree


def test_devicetree_and_config_say_what_memory_there_is(tmp_path: Path) -> None:
    write(tmp_path / "x.dts", DTS)
    write(tmp_path / ".config", CONFIG)
    devicetree, config = Devicetree.read(tmp_path / "x.dts"), read_config(tmp_path / ".config")
    assert [(m.name, m.origin, m.size) for m in memories(config, devicetree)] == [
        ("FLASH", 0, 256 << 10),
        ("RAM", 0x20000000, 64 << 10),
        ("DTCM", 0x10000000, 0x4000),
    ]
    config["CONFIG_FLASH_LOAD_OFFSET"] = "0x4000"  # behind a boot loader
    assert memories(config, devicetree)[0].size == (256 << 10) - 0x4000
    config["CONFIG_ARCH_POSIX"] = "y"
    assert memories(config, devicetree) == ()


@pytest.mark.parametrize("dts", ["", "/ {", "} ; };", "/ { chosen { x = <; }; };", '/ { a = "b'])
def test_a_damaged_devicetree_has_no_uart(tmp_path: Path, dts: str) -> None:
    write(tmp_path / "x.dts", dts)
    assert Devicetree.read(tmp_path / "x.dts").uart() is None


def test_the_uart_is_the_first_that_is_chosen(tmp_path: Path) -> None:
    chosen = 'mtvm,uart = "/soc/serial@40004000";\n\t\tzephyr,console = &uart1'
    write(tmp_path / "x.dts", DTS.replace("zephyr,console = &uart0", chosen))
    devicetree = Devicetree.read(tmp_path / "x.dts")
    node = devicetree.uart()
    assert node is not None and devicetree.label(node) == "uart0"
    assert node.cells("current-speed") == [115200]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("zephyr,console = &uart0;", "", "chooses none"),
        ("&uart0;", "&uart1;", "one for zephyr,console that is disabled"),
    ],
)
def test_a_board_without_a_uart_is_told_how_to_choose_one(
    make_project: Make, tree: ZephyrTree, tmp_path: Path, old: str, new: str, words: str
) -> None:
    write(tmp_path / "x.dts", DTS.replace(old, new))
    devicetree = Devicetree.read(tmp_path / "x.dts")
    assert devicetree.uart() is None
    board = make_project("foo_c", board="disco_l4").board
    cause, details, advice = unusable_uart(board, devicetree)
    assert words in cause
    assert details == ["UARTs that are on: uart0"]
    assert "mtvm,uart = &uart0;" in advice


# Failures


def test_a_missing_module_is_named_with_its_command(tree: ZephyrTree) -> None:
    failure = explain(captured("zephyr_module"), Path("/project"), None)
    assert hint(failure, tree).startswith("west update hal_stm32")


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("bits/libc-header-start.h: No such file or directory", "gcc-multilib"),
        ("Kconfig: X was assigned the value 'y'", "prj.conf"),
        ("foo.h: No such file or directory", "as before"),
    ],
)
def test_other_failures_of_zephyr_have_hints(tree: ZephyrTree, message: str, words: str) -> None:
    assert words in hint(FirstError(message, hint="as before"), tree)


# Running

QEMU = (
    "cd /p/build && /usr/bin/qemu-system-arm -cpu cortex-m3 -machine lm3s6965evb -nographic "
    "-vga none -net none -pidfile qemu.pid -chardev stdio,id=con,mux=on -serial chardev:con "
    "-mon chardev=con,mode=readline -icount shift=6,align=off,sleep=off -rtc clock=vm "
    "-chardev pty,id=hostS0 -kernel /p/build/zephyr/zephyr.elf"
)


def test_qemu_is_started_as_zephyr_starts_it_with_its_uart_on_our_socket() -> None:
    facts = RunFacts("qemu", tuple(zephyr_run.adapt(QEMU, "/p/build/zephyr")))
    command = zephyr_run.qemu_command(facts, Path("/good/zephyr.elf"), gdbserver_port=1234)
    assert command == [
        "qemu-system-arm",
        *("-cpu", "cortex-m3", "-machine", "lm3s6965evb", "-vga", "none", "-net", "none"),
        *("-icount", "shift=6,align=off,sleep=on", "-rtc", "clock=vm"),
        *("-chardev", "pty,id=hostS0", "-kernel", "/good/zephyr.elf"),
        *("-display", "none", "-monitor", "none"),
        *("-chardev", "socket,id=mtvm,path={socket},server=on,wait=on"),
        *("-serial", "chardev:mtvm"),
        *("-gdb", "tcp:127.0.0.1:1234", "-S"),
    ]


def test_a_build_without_qemu_says_so() -> None:
    with pytest.raises(ProjectError, match="doesn't say how its firmware is emulated"):
        zephyr_run.adapt("ninja: error: unknown target 'run_qemu'", "/p/build/zephyr")


def test_a_board_is_reached_at_the_rate_of_its_devicetree(
    make_project: Make, tree: ZephyrTree
) -> None:
    project = configured(make_project("foo_c", board="disco_l4"))
    write(project.build_dir / "zephyr/runners.yaml", "runners:\n- x\nflash-runner: pyocd\n")
    facts = zephyr_run.ask(
        project,
        read_config(project.build_dir / "zephyr/.config"),
        Devicetree.read(project.build_dir / "zephyr/zephyr.dts"),
    )
    assert facts == RunFacts("board", baud=115200, runner="pyocd")
    zephyr_run.save(project, facts)
    assert zephyr_run.load(project) == facts


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "qemu"}', '{"command": [], "what": 1}'])
def test_facts_that_are_damaged_are_refused(
    make_project: Make, tree: ZephyrTree, text: str
) -> None:
    project = make_project("foo_c", board="disco_l4")
    write(project.build_dir / "run.json", text)
    with pytest.raises(ProjectError, match="doesn't say how the firmware is run"):
        zephyr_run.load(project)


def built(project: Project, facts: RunFacts) -> Project:
    """As a successful build leaves it, with a firmware that is none."""
    import hashlib

    configured(project)
    for name in ("zephyr/zephyr.elf", "good/zephyr.elf"):
        write(project.build_dir / name, "firmware")
    digest = hashlib.sha256(b"firmware").hexdigest()
    state = {"status": "ok", "firmware_sha256": digest}
    write(project.build_dir / "build.json", json.dumps(state))
    zephyr_run.save(project, facts)
    return project


@pytest.mark.tools
def test_each_kind_of_board_has_its_transport(make_project: Make, tree: ZephyrTree) -> None:
    project, platform = make_project("foo_c", board="disco_l4"), ZephyrPlatform()
    qemu = RunFacts("qemu", ("sh", "{firmware}", "{socket}"))
    assert isinstance(platform.transport(built(project, qemu)), EmulatorTransport)
    assert isinstance(platform.transport(built(project, RunFacts("native"))), PseudottyTransport)
    with pytest.raises(UsageError, match="is a program"):
        platform.transport(project, DeviceOptions(gdbserver_port=1))
    real = built(project, RunFacts("board", baud=9600, runner="openocd"))
    transport = platform.transport(real, DeviceOptions(port="/dev/ttyX"))
    assert isinstance(transport, SerialTransport)
    assert (transport.port, transport.baud) == ("/dev/ttyX", 9600)


# What the probes on boards call themselves on USB: ST's in UM1075, UM1724 and UM2448 and in pyOCD's
# stlink/usb.py, SEGGER's in its udev rules, Arm's in DAPLink's documentation.
_ST = [f"0483:{product}" for product in "3748 374b 374d 374e 374f 3752 3753".split()]
_SEGGER = [f"1366:{product}" for product in "0101 0105 1015 1020 1051 1061".split()]
_ARM = ["0d28:0204"]


@pytest.mark.parametrize(
    ("runner", "probes"),
    [
        ("stm32cubeprogrammer", _ST),
        ("openocd", _ST),
        ("nrfjprog", _SEGGER),
        ("nrfutil", _SEGGER),
        ("jlink", _SEGGER),
        ("pyocd", _ARM + _ST),
        ("linkserver", _ARM),
    ],
)
def test_the_probe_behind_a_runner_has_the_boards_serial_port(
    make_project: Make,
    tree: ZephyrTree,
    monkeypatch: pytest.MonkeyPatch,
    runner: str,
    probes: list[str],
) -> None:
    project, platform = make_project("foo_c", board="disco_l4"), ZephyrPlatform()
    real = built(project, RunFacts("board", runner=runner))
    for usb_id in {*_ST, *_SEGGER, *_ARM, "1a86:7523"}:
        vendor, product = (int(part, 16) for part in usb_id.split(":"))
        there = (SerialPort("/dev/ttyACM0", "a probe", "1", (vendor, product)),)
        monkeypatch.setattr(
            "microtvm_boards.transports.ports.list_ports", lambda there=there: there
        )
        if usb_id not in probes:
            with pytest.raises(TransportError, match="there is none"):
                platform.transport(real)
            continue
        transport = platform.transport(real)
        assert isinstance(transport, SerialTransport)
        assert transport.port == "/dev/ttyACM0"


def test_behind_another_runner_no_port_is_guessed(
    make_project: Make, tree: ZephyrTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = built(make_project("foo_c", board="disco_l4"), RunFacts("board", runner="esp32"))
    there = (SerialPort("/dev/ttyACM0", "a probe", "1", (0x0483, 0x374B)),)
    monkeypatch.setattr(ports, "list_ports", lambda: there)
    with pytest.raises(TransportError, match="doesn't say which USB id") as caught:
        ZephyrPlatform().transport(real)
    assert "/dev/ttyACM0" in str(caught.value)


def test_an_emulator_needs_no_flashing(make_project: Make, tree: ZephyrTree) -> None:
    project = built(make_project("foo_c", board="disco_l4"), RunFacts("native"))
    assert ZephyrPlatform().flash(project).startswith("Nothing to flash")


def test_nothing_runs_before_a_build(make_project: Make, tree: ZephyrTree) -> None:
    with pytest.raises(ProjectError, match="is not built"):
        ZephyrPlatform().transport(make_project("foo_c", board="disco_l4"))


# Memory and stack


@pytest.mark.tools
def test_a_model_too_big_for_the_real_memory_is_refused_before_the_compile(
    make_project: Make, tree: ZephyrTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = configured(
        make_project("foo_c", board="disco_l4"),
        config=CONFIG.replace("SRAM_SIZE=64", "SRAM_SIZE=2"),
    )
    ran: list[object] = []
    monkeypatch.setattr(
        "microtvm_boards.platforms.logged_build.run_logged",
        lambda command, **_: (ran.append(command), (0, []))[1],
    )
    with pytest.raises(ProjectError, match="doesn't fit the board disco_l4") as caught:
        ZephyrPlatform().build(project)
    assert any(
        "RAM: needed" in line and "available 2048 B" in line for line in caught.value.details
    )
    assert len(ran) == 1  # the configure step
    with pytest.raises(ProjectError, match=r"The last build of .* failed: The model doesn't fit"):
        ZephyrPlatform().firmware(project)


@pytest.mark.tools
def test_a_board_without_a_uart_is_refused_before_the_compile(
    make_project: Make, tree: ZephyrTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = configured(make_project("foo_c", board="disco_l4"), dts="/ {\n};\n")
    monkeypatch.setattr(
        "microtvm_boards.platforms.logged_build.run_logged", lambda command, **_: (0, [])
    )
    with pytest.raises(BuildError, match="board disco_l4 has no UART to talk over"):
        ZephyrPlatform().build(project)


@pytest.mark.parametrize(("bound", "size"), [(0, 1024), (700, 1024), (1112, 1536), (4000, 4736)])
def test_the_stack_has_a_margin_and_is_never_less_than_zephyrs_own(bound: int, size: int) -> None:
    assert zephyr_stack.stack_size(bound) == size
