"""What the templates of platform stm32cube are filled with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from microtvm_boards.boards import Board
from microtvm_boards.platforms.stm32cube.clock import clock_plans
from microtvm_boards.platforms.stm32cube.family import load_family
from microtvm_boards.platforms.stm32cube.section import stm32_of

# Macros of <hal>_hal_conf.h that are the same in all families: ms, Hz, mV, priority.
_CONF = {
    "HSE_STARTUP_TIMEOUT": 100,
    "LSE_VALUE": 32768,
    "LSE_STARTUP_TIMEOUT": 5000,
    "VDD_VALUE": 3300,
    "TICK_INT_PRIORITY": 15,
    "USE_RTOS": 0,
}


def hal_files(board: Board) -> str:
    """What the names of the HAL's files begin with: stm32f4xx."""
    return load_family(stm32_of(board).family).files


def stm32_context(board: Board, package: str | None = None) -> Mapping[str, Any]:
    """What templates know as `stm32`; `package`: option stm32cube_path.

    Raises BoardError for clocks that can't be.
    """
    stm32 = stm32_of(board)
    family = load_family(stm32.family)
    ports = dict.fromkeys(pin[1] for pin in (stm32.uart.tx, stm32.uart.rx))
    calls = dict.fromkeys(family.port_power[port] for port in ports if port in family.port_power)
    return {
        "family": family,
        "line": family.line(stm32.part),
        "uart": stm32.uart,
        "clocks": clock_plans(board),
        "clock_types": " | ".join(f"RCC_CLOCKTYPE_{name}" for name in family.clock_types),
        "conf": {"HSE_VALUE": stm32.hse_hz or family.hse_hz, **_CONF, **family.conf},
        "port_power": "; ".join(calls),
        "debug_configurations": _debug_configurations(board),
        "package": Path(package).expanduser().absolute().as_posix() if package else "",
    }


def _debug_configurations(board: Board) -> list[dict[str, Any]]:
    """For VS Code's extension Cortex-Debug: the emulator, and the probes of the board's flashers.

    Attributes: debug_attributes.md of Marus/cortex-debug.
    """
    servers: list[dict[str, Any]] = []
    if board.emulator is not None:
        machine = board.emulator.machine
        servers.append({"servertype": "qemu", "cpu": board.cpu.name, "machine": machine})
    for flasher in board.flashers:
        if flasher.name == "stm32cubeprogrammer":
            servers.append({"servertype": "stlink"})
        elif flasher.name == "openocd":
            files = str(flasher.settings["config"]).split()
            servers.append({"servertype": "openocd", "configFiles": files})
        elif flasher.name == "jlink":
            servers.append({"servertype": "jlink", "device": flasher.settings["device"]})
    return [
        {
            "name": f"{board.name}: {server['servertype']}",
            "type": "cortex-debug",
            "request": "launch",
            "cwd": "${workspaceFolder}",
            "executable": "${workspaceFolder}/build/Debug/firmware.elf",
            "runToEntryPoint": "main",
            **server,
        }
        for server in servers
    ]
