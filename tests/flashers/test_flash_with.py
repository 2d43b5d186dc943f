"""Which tool flashes which board, and what it is told: flash_with, which all platforms call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from microtvm_boards.boards import Board
from microtvm_boards.errors import FlashError, ToolNotFoundError, TransportError, UsageError
from microtvm_boards.flashers import FlashTarget
from microtvm_boards.flashers.failures import Failure, FlashFailedError
from microtvm_boards.flashers.probes import Probe
from microtvm_boards.flashers.wear import read_wear
from microtvm_boards.platforms.flash import FlashRequest, flash_with
from microtvm_boards.project.options.device import DeviceOptions
from microtvm_boards.project.project import Project
from microtvm_boards.transports.ports import SerialPort
from tests.flashers.bootloader import Bootloader
from tests.flashers.conftest import StandIn
from tests.flashers.said import TOOLS
from tests.manifests import manifest

ST_LINK = (0x0483, 0x374B)  # as the board's file says
NUCLEO = Probe("ST-LINK", ST_LINK, "066AFF", "STM32 STLink")
SECOND = Probe("ST-LINK", ST_LINK, "0671FF", "STM32 STLink")
J_LINK = Probe("J-Link", (0x1366, 0x0105), "000775218399", "J-Link")
DFU = Probe("DFU", (0x0483, 0xDF11), "3472", "STM32  BOOTLOADER")
PAIRS = {
    "jlink": [J_LINK, replace(J_LINK, serial_number="000775218400")],
    "dfu": [DFU, replace(DFU, serial_number="3473")],
}
TWO_TOOLS = "[{name: openocd, config: a.cfg}, stflash]"
ANY = DeviceOptions()

MakeStandIn = Callable[[str], StandIn]


@pytest.fixture
def flash(
    target: FlashTarget,
    tmp_path: Path,
    board_with: Callable[[str], Board],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., str]:
    """`flash("[openocd]", DeviceOptions(), probes=[...])`; the board has no emulator."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(flashers: str, device: DeviceOptions = ANY, **more: object) -> str:
        board = replace(board_with(flashers), emulator=more.pop("emulator", None))  # type: ignore[arg-type]
        project = Project(tmp_path, manifest("baremetal"), board)
        more.setdefault("probes", [])
        more.setdefault("ports", [])
        request = FlashRequest(project, target.firmware, device, **more)  # type: ignore[arg-type]
        return flash_with(request)

    return run


def test_the_first_flasher_that_is_installed_is_taken(
    flash: Callable[..., str], stand_in: MakeStandIn
) -> None:
    st_flash = stand_in("st-flash")
    st_flash.says(*TOOLS["stflash"].success)
    assert flash(TWO_TOOLS) == "Flashed my_board with stflash and verified it."
    openocd = stand_in("openocd")
    assert flash(TWO_TOOLS) == "Flashed my_board with openocd and verified it."
    assert openocd.calls[0][:2] == ["-f", "a.cfg"]
    assert len(st_flash.calls) == 1


def test_the_option_flasher_wins_with_the_boards_settings_if_it_has_some(
    flash: Callable[..., str], stand_in: MakeStandIn
) -> None:
    stand_in("openocd")
    stand_in("st-flash").says(*TOOLS["stflash"].success)
    jlink = stand_in("JLinkExe")
    jlink.says(*TOOLS["jlink"].success)
    assert "with stflash" in flash(TWO_TOOLS, DeviceOptions(flasher="stflash"))
    assert "with openocd" in flash("[stflash, {name: openocd, config: a.cfg}]",
                                   DeviceOptions(flasher="openocd"))  # fmt: skip
    with pytest.raises(UsageError, match='jlink needs the setting "device"'):
        flash(TWO_TOOLS, DeviceOptions(flasher="jlink"))
    with pytest.raises(UsageError, match=r'no flasher "openodc".*"openocd"'):
        flash(TWO_TOOLS, DeviceOptions(flasher="openodc"))


def test_no_tool_installed_names_all_and_how_to_get_them(
    flash: Callable[..., str], stand_in: MakeStandIn
) -> None:
    with pytest.raises(ToolNotFoundError) as caught:
        flash(TWO_TOOLS)
    assert caught.value.cause == "None of the tools that flash my_board is installed."
    assert caught.value.details == (
        "openocd flashes over SWD and JTAG: apt-get install openocd",
        "st-flash flashes STM32 over ST-LINK: apt-get install stlink-tools",
    )
    assert read_wear() == {}


def test_a_board_without_a_flasher(flash: Callable[..., str]) -> None:
    with pytest.raises(FlashError, match="names no flasher") as caught:
        flash("[]")
    assert "--flasher" in caught.value.hint


# Emulated and real boards


def test_a_board_that_can_be_emulated_is_unless_a_probe_port_or_flasher_is_named(
    flash: Callable[..., str], stand_in: MakeStandIn, board_with: Callable[[str], Board]
) -> None:
    emulator = board_with("[]").emulator
    stand_in("st-flash").says(*TOOLS["stflash"].success)
    both = "[stflash, emulator]"
    assert flash(both, emulator=emulator).startswith("Nothing to flash")
    for device in (
        DeviceOptions(serial_number="066AFF"),
        DeviceOptions(port="/dev/ttyACM0"),
        DeviceOptions(flasher="stflash"),
    ):
        assert "with stflash" in flash(both, device, emulator=emulator)
    with pytest.raises(FlashError, match="names no flasher"):
        flash("[emulator]", DeviceOptions(port="/dev/ttyACM0"), emulator=emulator)
    assert sum(read_wear().values()) == 3


# Probes


def test_the_only_probe_that_fits_is_named_to_the_tool(
    flash: Callable[..., str], stand_in: MakeStandIn
) -> None:
    tool = stand_in("openocd")
    flash(TWO_TOOLS, probes=[NUCLEO, J_LINK])
    assert "adapter serial 066AFF" in tool.calls[0]


@pytest.mark.tools
@pytest.mark.parametrize("name", [*(name for name in TOOLS if name != "gdb"), "pyocd"])
def test_of_two_probes_none_is_guessed_with_any_tool(
    name: str, flash: Callable[..., str], stand_in: MakeStandIn
) -> None:
    tool = stand_in(TOOLS[name].program if name in TOOLS else name)
    pair = PAIRS.get(name, [NUCLEO, SECOND])
    with pytest.raises(FlashFailedError) as caught:
        flash(f"[{name}]", probes=pair)
    assert caught.value.failure is Failure.SEVERAL_PROBES
    assert caught.value.details == tuple(map(str, pair))
    assert caught.value.hint == "--serial-number with one of them"
    assert tool.calls == []
    assert read_wear() == {}


def test_a_probe_that_the_tool_does_not_work_with_is_not_named_to_it(
    flash: Callable[..., str], stand_in: MakeStandIn
) -> None:
    tool = stand_in("dfu-util")
    tool.says(*TOOLS["dfu"].success, then=TOOLS["dfu"].then)
    flash("[dfu]", probes=[NUCLEO, SECOND])
    assert "--serial" not in tool.calls[0]
    flash("[dfu]", probes=[NUCLEO, SECOND, DFU])
    assert tool.calls[2][4:6] == ["--serial", "3472"]


def test_which_probe_gdb_uses_is_a_matter_of_its_server(
    flash: Callable[..., str], stand_in: MakeStandIn
) -> None:
    stand_in("gdb-multiarch").says(*TOOLS["gdb"].success)
    flash("[gdb]", DeviceOptions(gdbserver_port=3333), probes=[NUCLEO, SECOND])


def test_a_serial_number_chooses_among_two_probes(
    flash: Callable[..., str], stand_in: MakeStandIn
) -> None:
    tool = stand_in("openocd")
    flash(TWO_TOOLS, DeviceOptions(serial_number="0671FF"), probes=[NUCLEO, SECOND])
    assert "adapter serial 0671FF" in tool.calls[0]


# Serial bootloaders


def test_a_bootloader_is_reached_by_the_port_of_the_serial_number(
    flash: Callable[..., str], stand_in: MakeStandIn
) -> None:
    tool = stand_in("stm32flash")
    ports = [
        SerialPort("/dev/ttyACM0", "", "066AFF", ST_LINK),
        SerialPort("/dev/ttyACM1", "", "0671FF", ST_LINK),
    ]
    flash("[stm32flash]", DeviceOptions(serial_number="0671FF"), ports=ports)
    assert tool.calls[0][-1] == "/dev/ttyACM1"
    flash("[stm32flash]", DeviceOptions(port="/dev/ttyACM0"), ports=ports)
    assert tool.calls[1][-1] == "/dev/ttyACM0"
    assert read_wear() == {"066AFF": 1, "0671FF": 1}
    with pytest.raises(TransportError, match="2 serial ports have USB id"):
        flash("[stm32flash]", ports=ports)


@pytest.mark.tools
def test_a_real_flash_over_a_pty_is_counted_and_a_silent_board_is_not(
    flash: Callable[..., str],
) -> None:
    settings = "[{name: stm32flash, mode: 8n1}]"
    with Bootloader() as board:
        assert "verified" in flash(settings, DeviceOptions(port=board.port))
    assert read_wear() == {"my_board (no serial number)": 1}
    with Bootloader(silent=True) as board, pytest.raises(FlashFailedError):
        flash(settings, DeviceOptions(port=board.port))
    assert read_wear() == {"my_board (no serial number)": 1}


# What platforms add


def test_a_platform_adds_settings_and_environment(
    flash: Callable[..., str], stand_in: MakeStandIn, tmp_path: Path
) -> None:
    tool = stand_in("west")
    tool.says((0, ""), then='echo "$ZEPHYR_BASE"')
    flash(
        "[{name: west, runner: jlink}]",
        settings={"west": "west -v", "not_wests": "x"},
        environment={"ZEPHYR_BASE": "/some/zephyr"},
    )
    build_dir = tmp_path / "build"
    assert tool.calls == [
        ["-v", "flash", "--build-dir", str(build_dir), "--skip-rebuild", "--runner", "jlink"]
    ]
    assert "/some/zephyr\n" in (build_dir / "flash.log").read_text()


def test_a_write_that_doesnt_verify_wears_the_flash_too(
    flash: Callable[..., str], stand_in: MakeStandIn
) -> None:
    stand_in("st-flash").says(TOOLS["stflash"].failures[Failure.VERIFY][0])
    with pytest.raises(FlashFailedError):
        flash("[stflash]", probes=[NUCLEO])
    assert read_wear() == {"066AFF": 1}
