"""What is rendered for STM32s: clocks, linker script, HAL configuration, board header."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from microtvm_boards.boards import board_names, load_board
from microtvm_boards.errors import BoardError, ProjectError, UsageError
from microtvm_boards.platforms.stm32cube.clock import clock_plans, solve
from microtvm_boards.platforms.stm32cube.family import Pll, Range, load_family
from microtvm_boards.platforms.stm32cube.section import Stm32
from microtvm_boards.project import Project
from tests.boards.test_stm32_boards import GOOD

BOARDS = [name for name in board_names() if load_board(name).section(Stm32) is not None]
MakeProject = Callable[..., Project]


def text(project: Project, path: str) -> str:
    return (project.directory / path).read_text()


# Clocks


@pytest.mark.parametrize("name", BOARDS)
def test_every_board_reaches_its_clock_from_every_source(name: str) -> None:
    board = load_board(name)
    assert board.section(Stm32) is not None
    family = load_family(board.section(Stm32).family)
    line = family.line(board.section(Stm32).part)
    assert line is not None
    plans = clock_plans(board)
    assert [p.source for p in plans] == (["hse"] if board.section(Stm32).hse_hz else []) + ["hsi"]
    for plan in plans:
        assert plan.sysclk_hz == board.clock_hz
        assert plan.hclk_hz <= line.max_hz["hclk"]
        assert plan.hclk_hz <= line.latency_hz[plan.latency]
        assert plan.latency == 0 or plan.hclk_hz > line.latency_hz[plan.latency - 1]
        assert plan.overdrive == (plan.sysclk_hz > (line.overdrive_above_hz or 1 << 32))


def test_the_known_setting_of_a_known_board() -> None:
    """What STM32CubeMX gives for an STM32F407 with a crystal of 8 MHz, but for the VCO's input."""
    plan = clock_plans(load_board("stm32f4_discovery"))[0]
    assert plan.pll == {"PLLM": "4", "PLLN": "168", "PLLP": "RCC_PLLP_DIV2", "PLLQ": "7"}
    assert plan.buses == {
        "AHBCLKDivider": "RCC_SYSCLK_DIV1",
        "APB1CLKDivider": "RCC_HCLK_DIV4",
        "APB2CLKDivider": "RCC_HCLK_DIV2",
    }
    assert plan.latency == 5


PLL = Pll(
    input=Range(1_000_000, 2_000_000),
    vco=Range(192_000_000, 432_000_000),
    m=Range(2, 63),
    n=Range(50, 432),
    p=(2, 4, 6, 8),
)


def test_a_clock_that_cannot_be_met_is_approached_from_below() -> None:
    found = solve(PLL, 8_000_000, 100_000_001)
    assert found is not None
    assert found.sysclk_hz == 100_000_000


def test_a_source_that_fits_no_setting_gives_none() -> None:
    assert solve(PLL, 1_000_000, 100_000_000) is None


def test_an_oscillator_that_cannot_drive_the_pll_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "board.yaml"
    path.write_text(GOOD.replace("hse_hz: 8000000", "hse_hz: 1000000"))
    with pytest.raises(BoardError, match="no setting of the PLL of STM32F405RG makes 168000000 Hz"):
        clock_plans(load_board(str(path)))


# Files


def test_the_clock_falls_back_and_never_waits_for_ever(make_project: MakeProject) -> None:
    clock = text(make_project("foo_c", board="netduinoplus2"), "src/port/stm32cube/clock.c")
    tries = [clock.index(f"if (from_{source}() == HAL_OK)") for source in ("hse", "hsi")]
    assert tries == sorted(tries)
    assert "while" not in clock
    assert "for (;;)" not in clock
    assert clock.index("return status;") < clock.index("HAL_RCC_ClockConfig(")


def test_a_board_without_an_oscillator_starts_with_the_internal_one(
    make_project: MakeProject,
) -> None:
    clock = text(make_project("foo_c", board="nucleo_l4r5zi"), "src/port/stm32cube/clock.c")
    assert "hse" not in clock
    assert "PWR_REGULATOR_VOLTAGE_SCALE1_BOOST" in clock


@pytest.mark.slow
@pytest.mark.parametrize(
    ("board", "calls"),
    [
        ("nucleo_f446re", ["RCC_HSE_BYPASS", "HAL_PWREx_EnableOverDrive()", "PLL.PLLR = 2;"]),
        ("nucleo_h743zi", ["SYSCLKDivider = RCC_SYSCLK_DIV1", "RCC_CLOCKTYPE_D3PCLK1",
                           "SCB_EnableDCache()", "PWR_LDO_SUPPLY"]),
        ("nucleo_u575zi_q", ["PLL.PLLMBOOST", "HAL_ICACHE_Enable()", "RCC_CLOCKTYPE_PCLK3"]),
        ("stm32vldiscovery", ["PLL.PLLMUL = RCC_PLL_MUL3;", "RCC_PLLSOURCE_HSI_DIV2"]),
    ],
)  # fmt: skip
def test_what_differs_between_families_is_there(
    make_project: MakeProject, board: str, calls: list[str]
) -> None:
    clock = text(make_project("foo_c", board=board), "src/port/stm32cube/clock.c")
    assert [call for call in calls if call not in clock] == []


def test_the_hal_is_configured_under_the_name_that_it_looks_for(make_project: MakeProject) -> None:
    project = make_project("foo_c", board="nucleo_f746zg")
    conf = text(project, "src/port/stm32cube/stm32f7xx_hal_conf.h")
    assert "#define HAL_UART_MODULE_ENABLED\n" in conf
    assert "#define HSE_VALUE 8000000U\n" in conf
    assert conf.index('"stm32f7xx_hal_rcc.h"') < conf.index('"stm32f7xx_hal_uart.h"')


@pytest.mark.parametrize(
    ("board", "defined", "absent"),
    [
        ("netduinoplus2", ["MTVM_STM32_RECEIVE DR", "MTVM_STM32_ALTERNATE 7U"], "PORT_POWER"),
        ("stm32vldiscovery", ["MTVM_STM32_RX_MODE GPIO_MODE_INPUT"], "ALTERNATE"),
        ("nucleo_l4r5zi", ["MTVM_STM32_RECEIVE RDR", "MTVM_STM32_UART LPUART1",
                           "MTVM_STM32_TX_PIN GPIO_PIN_7",
                           "MTVM_STM32_PORT_POWER() HAL_PWREx_EnableVddIO2()"], "RING"),
    ],
)  # fmt: skip
def test_the_uart_and_its_pins(
    make_project: MakeProject, board: str, defined: list[str], absent: str
) -> None:
    header = text(make_project("foo_c", board=board, app="minimal"),
                  "src/port/stm32cube/mtvm_stm32.h")  # fmt: skip
    for line in defined:
        assert f"#define {line}" in header
    assert absent not in header


def test_the_linker_script_has_the_memories_of_the_board(make_project: MakeProject) -> None:
    project = make_project("foo_c", board="stm32f4_discovery", stack_size_bytes=2048)
    script = text(project, "src/port/stm32cube/link.ld")
    for line in (
        "FLASH (rx) : ORIGIN = 0x08000000, LENGTH = 1048576",
        "RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 131072",
        "CCMRAM (rwx) : ORIGIN = 0x10000000, LENGTH = 65536",
        ". += mtvm_stack_bytes;",
        ".CCMRAM (NOLOAD) : { *(.CCMRAM .CCMRAM.*) } > CCMRAM",
    ):
        assert line in script
    assert "set(MTVM_PLANNED_STACK_BYTES 2048)" in text(project, "project.cmake")
    # What ST's start-up code takes from it.
    for symbol in ("_estack", "_sidata", "_sdata", "_edata", "_sbss", "_ebss"):
        assert re.search(rf"\b{symbol} = ", script)
    assert script.index(".stack (NOLOAD)") < script.index(".data :")


def test_a_memory_that_is_not_there_is_refused(make_project: MakeProject) -> None:
    with pytest.raises(UsageError, match='no memory "DTCM"'):
        make_project("foo_graph", board="netduinoplus2", pools="storage:DTCM")


def test_a_model_over_the_size_of_the_flash_is_refused(
    make_project: MakeProject, tmp_path: Path
) -> None:
    small = tmp_path / "small.yaml"
    small.write_text(GOOD.replace("size: 1M", "size: 1K"))
    with pytest.raises(ProjectError, match=r"FLASH: needed .* available 1024 B"):
        make_project("foo_c", board=str(small))


def test_vs_code_debugs_in_the_emulator_and_over_the_probes_of_the_board(
    make_project: MakeProject,
) -> None:
    """Attributes of the extension Cortex-Debug; the firmware is that of CMake's preset Debug."""
    found = {}
    for board in ("netduinoplus2", "nucleo_f446re"):
        project = make_project("foo_c", board=board)
        launch = json.loads(text(project, ".vscode/launch.json"))["configurations"]
        presets = json.loads(text(project, "CMakePresets.json"))["configurePresets"]
        (debug,) = (p["binaryDir"] for p in presets if p["name"] == "Debug")
        elf = debug.replace("sourceDir", "workspaceFolder") + "/firmware.elf"
        assert {c["executable"] for c in launch} == {elf}
        recommended = json.loads(text(project, ".vscode/extensions.json"))["recommendations"]
        assert "marus25.cortex-debug" in recommended
        found[board] = {c["servertype"]: c for c in launch}
    assert found["netduinoplus2"].keys() == {"qemu", "stlink"}
    assert found["netduinoplus2"]["qemu"]["machine"] == "netduinoplus2"
    assert found["nucleo_f446re"].keys() == {"stlink", "openocd", "jlink"}
    assert found["nucleo_f446re"]["openocd"]["configFiles"] == ["board/st_nucleo_f4.cfg"]
    assert found["nucleo_f446re"]["jlink"]["device"] == "STM32F446RE"


def test_nothing_of_this_computer_is_in_a_project(make_project: MakeProject) -> None:
    project = make_project("foo_c", board="netduinoplus2")
    assert 'set(MTVM_STM32CUBE_PATH "")' in text(project, "cmake/stm32_board.cmake")
    for path in project.directory.rglob("*"):
        if path.is_file() and path.suffix in {".cmake", ".c", ".h", ".ld"}:
            assert str(Path.home()) not in path.read_text(errors="replace")


def test_an_option_with_the_wrong_package_is_refused_at_once(
    make_project: MakeProject, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="there is no Drivers/STM32F4xx_HAL_Driver in it"):
        make_project("foo_c", board="netduinoplus2", stm32cube_path=str(tmp_path))
    assert not list(tmp_path.glob("project*"))
